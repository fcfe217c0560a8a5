"""Only a trusted proxy is believed about who the client is and how it came."""

import pytest

from app.web.proxies import BehindProxies


async def seen(trusted: str, client: str, **headers: str) -> tuple[dict, list]:
    """The scope that the app behind sees, and the headers that the client gets."""
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http",
        "client": (client, 1),
        "scheme": "http",
        "headers": [(b"host", b"inner:8000"), *given],
    }
    found, sent = {}, []

    async def app(scope, receive, send):
        found.update(scope)
        cookie = (b"set-cookie", b"upvote_session=x; HttpOnly; Path=/; SameSite=Lax")
        await send({"type": "http.response.start", "status": 200, "headers": [cookie]})

    async def send(event):
        sent.extend(event["headers"])

    await BehindProxies(app, trusted)(scope, None, send)
    return found, sent


@pytest.mark.parametrize(
    ("client", "forwarded", "expected"),
    [
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),  # the first one was made up
        ("127.0.0.1", "203.0.113.9, 10.1.2.3", "203.0.113.9"),  # through two of ours
        ("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),  # a liar
    ],
)
async def test_the_client_is_the_nearest_hop_that_is_no_proxy_of_ours(client, forwarded, expected):
    scope, _ = await seen("127.0.0.1, 10.0.0.0/8", client, x_forwarded_for=forwarded)
    assert scope["client"][0] == expected


async def test_behind_tls_cookies_are_secure_and_the_browser_is_told_to_stay():
    scope, headers = await seen(
        "127.0.0.1", "127.0.0.1", x_forwarded_proto="https", x_forwarded_host="board.example"
    )
    assert scope["scheme"] == "https"
    assert dict(scope["headers"])[b"host"] == b"board.example"
    assert dict(headers)[b"set-cookie"].endswith(b"; Secure")
    assert b"strict-transport-security" in dict(headers)


async def test_a_forged_header_changes_nothing():
    forged = {
        "x_forwarded_for": "127.0.0.1",
        "x_forwarded_proto": "https",
        "x_forwarded_host": "evil.example",
    }
    scope, headers = await seen("127.0.0.1", "198.51.100.7", **forged)
    assert (scope["client"][0], scope["scheme"]) == ("198.51.100.7", "http")
    assert dict(scope["headers"])[b"host"] == b"inner:8000"
    assert [name for name, _ in headers] == [b"set-cookie"]


async def test_a_host_that_is_none_is_not_believed():
    scope, _ = await seen("127.0.0.1", "127.0.0.1", x_forwarded_host="evil.example/@x")
    assert dict(scope["headers"])[b"host"] == b"inner:8000"
