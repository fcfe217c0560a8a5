"""What one connection may send, how long it may wait, and which connection makes room for another."""

import asyncio

import pytest

from app.server import deadlines
from app.server.deadlines import Phase
from app.server.slow_clients import MAX_HELD_BYTES, BoundedProtocol
from app.web.request_limits import MAX_HEADERS
from tests.connection_fixtures import client, vote
from tests.fast_client import Client, FastVotesApp, answers, hang_up_all, status
from tests.waiting import CEILING, until

__all__ = ["client", "vote"]

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
LIVE = b"GET /live?projects=%d HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"


@pytest.fixture
def short(monkeypatch):
    """All deadlines are short."""
    monkeypatch.setattr(deadlines, "RECEIVE_SECONDS", 0.05)
    monkeypatch.setattr(deadlines, "READ_SECONDS", 0.05)


async def is_served(client: Client) -> None:
    client.send(GET)
    assert await status(client) == 200


async def test_the_fields_of_a_trailer_are_no_headers(client):
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["headers"])
        while (await receive())["more_body"]:
            pass
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    client.connection.app = app
    client.send(CHUNKED + b"0\r\nCookie: a=b\r\nX-Forwarded-For: 192.0.2.1\r\nHost: evil\r\n\r\n")
    assert await status(client) == 204
    names = [name for name, _ in seen[0]]
    assert names == [b"host", b"transfer-encoding"]


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\n", CHUNKED + b"0\r\n"], ids=["head", "trailer"])
@pytest.mark.parametrize("rest", [b"X: y\r\n" * (MAX_HEADERS + 2), b"X: " + b"y" * 40_000])
async def test_too_many_fields_are_refused_while_they_arrive(client, start, rest):
    """The server does not wait for the end of the request. It sees a field when the next one begins."""
    client.send(start + rest)
    assert await answers(client) == [b"431"]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"POST /api/votes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ", b"401"),
        (b"GET /handover?next=/&token=", b"401"),
        (b"GET /api/votes HTTP/1.1\r\nAuthorization: Bearer x\r\nX-Long: ", b"431"),
        (b"GET /elsewhere?token=", b"431"),
    ],
)
@pytest.mark.parametrize("size", [20_000, 100_000])
async def test_a_token_that_is_too_long_is_refused_as_one(client, head, expected, size):
    end = b"" if b"HTTP" in head else b" HTTP/1.1\r\nHost: localhost"
    client.send(head + b"x" * size + end + b"\r\n\r\n")
    answer = await client.answer.read()
    is_path = b"HTTP" not in head and size < 32_000  # read whole, and too long for an address
    assert answer.split()[1] == (b"414" if is_path and expected == b"431" else expected)
    assert (b'www-authenticate: Bearer error="invalid_token"' in answer) == (expected == b"401")


async def test_a_program_is_told_of_too_many_fields_in_json(client):
    client.send(b"GET /api/projects HTTP/1.1\r\n" + b"X: y\r\n" * (MAX_HEADERS + 2))
    assert b'{"error": "request_header_fields_too_large"' in await client.answer.read()


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n", GET[:9], CHUNKED, CHUNKED + b"0\r\nX: y\r\n"],
    ids=["nothing", "line ends", "a head", "a body", "a trailer"],
)
@pytest.mark.parametrize("before", [b"", GET], ids=["first", "next"])
async def test_a_connection_ends_in_time_whatever_it_sends(free_app, short, before, data):
    client = FastVotesApp(free_app).connect()
    client.connection.timeout_keep_alive = 0.05
    if before:
        await is_served(client)

    async def drip() -> bool:
        if data in (b"", b"\r\n"):
            client.connection.data_received(data)
        return client.closing

    client.send(data)
    await until(drip, "for the end of the connection")


async def test_a_connection_after_a_vote_ends_in_time_whatever_it_sends(client, vote):
    client.connection.timeout_keep_alive = 0.05
    client.send(await vote())
    assert await status(client) == 200

    async def drip() -> bool:
        client.send(b"\r\n")
        return client.closing

    await until(drip, "for the end of the connection")


async def test_a_request_has_one_answer_though_the_rest_of_it_never_comes(client):
    client.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
    assert await status(client) == 200
    connection = client.connection
    connection._timer.cancel()
    connection._deadline = 0.0  # the rest has not come in time
    connection._time_out()
    assert await answers(client) == []


async def test_a_request_has_one_answer_though_it_is_refused_before_the_app_answers(client):
    begun = asyncio.Event()

    async def app(scope, receive, send):
        begun.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"late"})

    client.connection.app = app
    client.close = lambda: setattr(client, "closing", True)  # as while something is still unread
    client.write = client.answer.feed_data
    client.send(CHUNKED)
    await begun.wait()
    client.send(b"no size\r\n")
    await until(lambda: not client.connection.tasks, "for the app")
    client.answer.feed_eof()
    assert await answers(client) == [b"400"]


async def test_a_second_request_with_an_impossible_address_is_answered(client):
    await is_served(client)
    client.send(b"CONNECT x:y HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert await answers(client) == [b"400"]


async def test_what_is_wrong_behind_a_request_is_no_answer_to_it(client):
    client.send(GET + b"\x00\r\n\r\n")
    assert set(await answers(client)) <= {b"200"}
    await until(lambda: client.closing)


@pytest.mark.parametrize("size", [200, 1_000])
async def test_a_client_that_does_not_wait_is_answered_in_order(client, size):
    count = (MAX_HELD_BYTES - 1_000) // size
    request = GET[:-2] + b"X: " + b"y" * (size - len(GET) - 5) + b"\r\n\r\n"
    client.send(request * count)
    assert len(client.connection.pipeline) < 20
    for _ in range(count):
        assert await status(client) == 200
    assert not client.closing


async def test_a_client_that_sends_too_much_ahead_is_hung_up_on(client):
    client.send(GET)
    client.send(b"x" * (MAX_HELD_BYTES + 1))
    assert client.closing
    assert client.connection.held == b""


async def test_nothing_waits_behind_a_stream_for_long(free_app, board, short):
    watch = LIVE % await board.project()
    client = FastVotesApp(free_app).connect()
    client.send(watch)
    assert await status_line(client) == b"HTTP/1.1 200 OK\r\n"
    client.send(b"")
    assert client.connection._phase is Phase.ANSWERING
    client.send(GET)
    client.send(GET)
    assert client.connection.held == GET + GET
    assert not client.connection.pipeline
    await until(lambda: client.closing, "for the end of the stream")


async def status_line(client: Client) -> bytes:
    return await asyncio.wait_for(client.answer.readline(), CEILING)


async def test_an_answer_that_nobody_reads_is_dropped(free_app, short, monkeypatch):
    client = FastVotesApp(free_app).connect()
    client.connection.timeout_keep_alive = 3600
    await is_served(client)
    client.unread = 100_000
    client.connection.pause_writing()
    await asyncio.sleep(0)
    client.unread = 80_000  # it reads slowly, but it reads
    client.connection._deadline = 0
    client.connection._time_out()
    assert not client.closing
    await until(lambda: client.closing, "for the end of the connection")


async def test_a_closed_connection_whose_answer_nobody_reads_is_cut(free_app, short):
    client = FastVotesApp(free_app).connect()
    cut = []
    client.abort = lambda: cut.append(True)
    client.unread = 1_000
    client.send(GET[:-2] + b"Connection: close\r\n\r\n")
    await until(lambda: cut, "for the end of the connection")


async def test_a_request_to_change_the_protocol_is_the_last_one(client):
    upgrade = GET[:-2] + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 9\r\n\r\n"
    client.send(upgrade + b"123456789" + GET)
    assert await answers(client) == [b"200"]


async def test_the_connection_that_waits_longest_makes_room(free_app, vote, monkeypatch):
    monkeypatch.setattr(deadlines, "max_connections", lambda _: 3)
    monkeypatch.setattr(BoundedProtocol, "waiting", type(BoundedProtocol.waiting)())
    await hang_up_all()  # one of an earlier test whose deadline passes now would begin to wait here
    app = FastVotesApp(free_app)
    voter, idle, other = app.connect(), app.connect(), app.connect()
    voter.send(await vote())  # is being answered
    late = app.connect()
    assert (idle.closing, other.closing, late.closing) == (True, False, False)
    assert await status(voter) == 200
    idle.hang_up()
    other.send(GET)
    assert await status(other) == 200
    app.connect()
    assert (late.closing, voter.closing, other.closing) == (True, False, False)
