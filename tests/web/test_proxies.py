"""Only a trusted proxy can say which client sent a request, over which scheme and to which Host."""

import pytest

from app.web.proxies import ProxyHeaders


async def seen(trusted: str, client: str, **headers: str) -> tuple[dict, list]:
    """Return the scope that the wrapped app sees, and the headers that the client gets."""
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

    await ProxyHeaders(app, trusted)(scope, None, send)
    return found, sent


@pytest.mark.parametrize(
    ("client", "forwarded", "expected"),
    [
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),  # the first one is forged
        ("127.0.0.1", "203.0.113.9, 10.1.2.3", "203.0.113.9"),  # through two trusted proxies
        ("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("127.0.0.1", "203.0.113.9:50123", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9:50123, 10.1.2.3:80", "203.0.113.9"),
        ("127.0.0.1", "[2001:db8::7]:50123", "2001:db8::7"),
        ("127.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("127.0.0.1", "203.0.113.9:x", "127.0.0.1"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),  # not a trusted proxy
    ],
)
async def test_the_client_is_the_nearest_hop_that_is_not_a_trusted_proxy(client, forwarded, expected):
    scope, _ = await seen("127.0.0.1, 10.0.0.0/8", client, x_forwarded_for=forwarded)
    assert scope["client"][0] == expected


async def test_over_tls_cookies_are_secure_and_hsts_is_sent():
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


async def test_a_malformed_forwarded_host_is_ignored():
    scope, _ = await seen("127.0.0.1", "127.0.0.1", x_forwarded_host="evil.example/@x")
    assert dict(scope["headers"])[b"host"] == b"inner:8000"
