"""Nothing is sent to a private address, however it is written, and whatever the DNS says meanwhile."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpcore2
import pytest

from app.webhooks.addresses import BadAddress, is_public, read_url, shown_url
from app.webhooks.manage.state import read_states
from app.webhooks.sending.sender import WebhookSender
from tests.webhooks.certificates import contexts
from tests.webhooks.receiver import Receiver

PUBLIC, OTHER_PUBLIC = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"
PRIVATE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",  # noqa: S104
    "169.254.169.254", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1",
    "198.18.0.1", "203.0.113.9", "192.0.0.8", "192.0.0.192", "192.88.99.1", "3fff::1",
    "::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "64:ff9b:1::1", "2002:7f00:1::1", "2002:a00:1::", "2001:0:7f00:1::80ff:fffe", "fe80::1%lo",
]  # fmt: skip


def answers(*addresses: str):
    """Return a look-up in the place of the DNS, which notes what it was asked for."""

    def resolve(host: str, port: int, **_: object) -> list:
        resolve.asked.append(host)
        return [(None, None, None, "", (address, port)) for address in addresses]

    resolve.asked = []
    return resolve


@asynccontextmanager
async def sending(db, resolve=socket.getaddrinfo, tls=None, *, private=False) -> AsyncIterator:
    """Yield a function that sends what is due, and returns why the only webhook failed."""
    sender = WebhookSender(db, allow_private=private, resolve=resolve, tls=tls)

    async def send() -> str | None:
        await sender.start_due()
        await sender.wait()
        [state] = await read_states(db)
        return state.problem

    yield send
    await sender.close()


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", [PUBLIC, OTHER_PUBLIC, "1.1.1.1", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_an_address_of_the_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
async def test_nothing_is_sent_to_a_name_with_a_private_address(address, receiver, add, numbered, db):
    await add(f"https://hooks.example:{receiver.port}/")
    await numbered("a", 1)
    async with sending(db, answers(PUBLIC, address)) as send:
        problem = await send() or ""
    assert f"hooks.example has the address {address}, which is not a public one" in problem
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "017700000001", "127.1", "[::1]",
     "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
)  # fmt: skip
async def test_nothing_is_sent_to_this_machine_however_it_is_written(host, receiver, add, numbered, db):
    """As if it had been stored, past the checks of `upvote webhook add`."""
    await add(f"https://{host}:{receiver.port}/")
    await numbered("a", 1)
    async with sending(db) as send:
        problem = await send() or ""
    assert "which is not a public one" in problem
    assert receiver.connections == 0


async def test_a_dns_that_changes_its_answer_is_asked_once(add, numbered, db, monkeypatch):
    connected: list[str] = []
    given = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])

    def resolve(host: str, port: int, **_: object) -> list:
        return [(None, None, None, "", (address, port)) for address in next(given)]

    async def connect(self, host: str, port: int, timeout: float | None = None) -> None:  # noqa: ASYNC109
        connected.append(host)
        raise httpcore2.ConnectError("not in a test")

    monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", connect)
    await add("https://hooks.example/")
    await numbered("a", 1)
    async with sending(db, resolve) as send:
        assert await send() == "no answer (not in a test)"
    assert connected == [PUBLIC]
    assert next(given) == ["127.0.0.1"]


async def test_the_next_address_of_a_name_is_tried(receiver, add, numbered, db, monkeypatch):
    connect = httpcore2.AnyIOBackend.connect_tcp

    async def connect_tcp(self, host: str, port: int, timeout: float | None = None):  # noqa: ASYNC109
        if host == "192.0.2.1":
            raise httpcore2.ConnectTimeout
        return await connect(self, host, port, timeout)

    monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", connect_tcp)
    await add(f"http://hooks.example:{receiver.port}/")
    await numbered("a", 1)
    async with sending(db, answers("192.0.2.1", "127.0.0.1"), private=True) as send:
        assert await send() is None
    assert len(receiver.accepted) == 1


async def test_http_is_not_used_once_private_addresses_are_forbidden(receiver, add, numbered, db):
    await add(receiver.url)
    await numbered("a", 1)
    async with sending(db) as send:
        assert await send() == "http is used with WEBHOOKS_PRIVATE=yes only"
    assert receiver.connections == 0


async def test_a_name_that_is_not_found_is_told(add, numbered, db):
    def resolve(*_: object, **__: object) -> list:
        raise socket.gaierror(-2, "Name or service not known")

    await add("https://hooks.example/")
    await numbered("a", 1)
    async with sending(db, resolve) as send:
        assert "the name hooks.example is not found" in (await send() or "")


async def test_the_certificate_must_be_that_of_the_name(add, numbered, db, tmp_path):
    server, client = contexts("hooks.example", tmp_path)
    async with Receiver().serving(server) as receiver:
        await add(f"https://hooks.example:{receiver.port}/")
        await numbered("a", 1)
        async with sending(db, answers("127.0.0.1"), client, private=True) as send:
            assert await send() is None
        assert len(receiver.accepted) == 1

        await db.execute("UPDATE webhooks SET url = replace(url, 'hooks.example', 'other.example')")
        await numbered("a", 2)
        async with sending(db, answers("127.0.0.1"), client, private=True) as send:
            assert "certificate" in (await send() or "").lower()
        assert len(receiver.accepted) == 1


async def test_proxies_of_the_environment_are_not_used(receiver, add, numbered, db, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://192.0.2.1:3128")
    await add(receiver.url)
    await numbered("a", 1)
    async with sending(db, private=True) as send:
        assert await send() is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("example.org", "is no address"),
        ("ftp://example.org", "must begin with https://"),
        ("http://example.org", "must begin with https://"),
        ("https://me:secret@example.org", "no user and password"),
        ("https://example.org/#here", "no “#”"),
        ("https://127.0.0.1/", "not a public one"),
        ("https://2130706433/", "not a public one"),
        ("https://[::ffff:10.0.0.1]/", "not a public one"),
        ("https://example.org/" + "x" * 2_000, "may have 2,000 characters"),
    ],
)
def test_an_address_that_is_refused_says_why(text, problem):
    with pytest.raises(BadAddress, match=problem):
        read_url(text, allow_private=False)


def test_an_address_is_stored_as_browsers_write_it():
    assert read_url(" https://Bücher.example ", allow_private=False) == "https://xn--bcher-kva.example/"
    assert read_url("http://10.0.0.1:80/x", allow_private=True) == "http://10.0.0.1/x"
    assert shown_url("https://example.org/hook?token=secret") == "https://example.org/hook?…"
