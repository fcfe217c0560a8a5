"""Security headers, and refusals of other sites, on every route of the app."""

import json

import pytest

from app.settings import load_settings
from app.web.cross_site import SAFE_METHODS
from app.web.headers import SECURITY_HEADERS
from app.web.request_limits import RequestLimits
from tests.asgi_calls import FORM, ask, with_middleware
from tests.support import session_cookie

VALUES = {"project_id": "1", "name": "nobody", "username": "nobody", "path": "css/base.css"}
FOREIGN = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
]


@pytest.fixture
def front(free_app):
    """Return the app with its fast paths and middleware."""
    return with_middleware(free_app)


async def head(front, method, path, headers=None, query=b"", body=b"") -> tuple[int, dict[str, str]]:
    """Return the status and the headers of an answer."""
    got = await ask(front, method, f"{path}?{query.decode()}", headers, body)
    return got.status, got.headers


def requests(app) -> list[tuple[str, str]]:
    """Return the method and path of every route."""
    found = []
    for rule in app.url_map.iter_rules():
        values = {name: VALUES.get(name, "1") for name in rule.arguments}
        path = rule.rule
        for name, converter in rule._converters.items():
            path = path.replace(_placeholder(path, name), str(values[name]))
            assert converter is not None
        found += [(method, path) for method in sorted(rule.methods - {"OPTIONS"})]
    return found


def _placeholder(path: str, name: str) -> str:
    return next(part for part in _parts(path) if part.rstrip(">").split(":")[-1].lstrip("<") == name)


def _parts(path: str) -> list[str]:
    return [f"<{part.split('>')[0]}>" for part in path.split("<")[1:]]


def check(headers: dict[str, str]) -> None:
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors" in policy
    assert "default-src" in policy
    missing = {name.lower() for name in SECURITY_HEADERS} - headers.keys()
    assert missing <= {"x-frame-options"}
    assert headers["x-content-type-options"] == "nosniff"


async def test_every_answer_carries_the_security_headers(front, free_app, board):
    seen = set()
    for method, path in requests(free_app):
        cookie = f"upvote_session={session_cookie(free_app, await board.user())}"
        for own in ({}, {"cookie": cookie}):
            status, headers = await head(front, method, path, own, query=b"projects=1")
            assert status < 500, (method, path)
            check(headers)
            seen.add(status)
    assert {200, 303, 404, 422} <= seen


async def test_behind_tls_every_answer_says_so_and_every_cookie_is_secure(free_app, board):
    front, seen = with_middleware(free_app, trusted="127.0.0.1"), 0
    behind = {"x-forwarded-proto": "https", "x-forwarded-host": "board.example"}
    vote = ("POST", f"/projects/{await board.project()}/vote")
    for method, path in (*requests(free_app), ("GET", "/nothing"), vote):
        cookie = f"upvote_session={session_cookie(free_app, await board.user())}"
        headers = {**FORM, "hx-request": "true", "cookie": cookie, **behind}
        got = await ask(front, method, path, headers, b"value=1")
        assert got.headers["strict-transport-security"].startswith("max-age="), path
        for each in got.cookies:
            assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(each.split("; ")), (path, each)
            seen += 1
    assert seen > 0


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/static/nothing", "/projects/1/vote"])
async def test_every_error_carries_them(front, path):
    status, headers = await head(front, "GET", path)
    assert status in (404, 405)
    check(headers)


async def test_the_fast_path_carries_them(front, free_app, board):
    headers = {
        "cookie": f"upvote_session={session_cookie(free_app, await board.user())}",
        "content-type": "application/x-www-form-urlencoded",
        "hx-request": "true",
    }
    path = f"/projects/{await board.project()}/vote"
    status, headers = await head(front, "POST", path, headers, body=b"value=1")
    assert status == 200
    check(headers)


@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
async def test_every_unsafe_route_refuses_other_sites(front, free_app, board, foreign):
    cookie = f"upvote_session={session_cookie(free_app, await board.user())}"
    asked = [pair for pair in requests(free_app) if pair[0] not in SAFE_METHODS]
    assert len(asked) > 8
    for method, path in asked:
        status, _ = await head(front, method, path, {"cookie": cookie, **foreign})
        assert status == 403, (method, path)


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        ({"host": "evil.example/@x"}, b"", 400),
        ({"host": "a b"}, b"", 400),
        ({"host": ""}, b"", 400),
        ({"host": "12..0.0.1"}, b"", 400),
        ({"host": f"{'a' * 64}.example"}, b"", 400),
        ({"host": ".".join(["a" * 60] * 5)}, b"", 400),
        ({"host": "a.example:123456"}, b"", 400),
        ({"host": "user@localhost"}, b"", 400),
        ({"host": "localhost\\evil"}, b"", 400),
        ({"host": "[::1"}, b"", 400),
        ({"x-long": "x" * 20_000}, b"", 431),
        ({f"x-{n}": "" for n in range(120)}, b"", 431),
        ({}, b"x" * 5000, 414),
    ],
)
async def test_a_malformed_head_is_refused(front, headers, query, expected):
    status, sent = await head(front, "GET", "/healthz", headers, query)
    assert status == expected
    check(sent)


async def test_a_request_too_large_for_the_api_gets_an_api_error(front):
    got = await ask(front, "GET", "/api/projects?after=" + "x" * 5000)
    assert got.status == 414
    assert json.loads(got.body) == {
        "error": "request_uri_too_long",
        "message": "This address is too long: it may have at most 4,096 bytes, query included.",
    }
    check(got.headers)


@pytest.mark.parametrize("path", ["", "*", "osearch", "\\projects"])
async def test_an_invalid_path_is_refused(front, path):
    status, sent = await head(front, "GET", path)
    assert status == 400
    check(sent)


@pytest.mark.parametrize(
    "host", ["localhost.", "a-b.example", "127.0.0.1:8000", "[::1]:8000", "xn--nxasmq6b"]
)
async def test_any_well_formed_host_is_answered(front, host):
    assert (await head(front, "GET", "/feed.atom", {"host": host}))[0] == 200


@pytest.mark.parametrize(
    ("host", "expected"), [("board.example", 200), ("BOARD.example:81", 200), ("evil.example", 400)]
)
async def test_only_the_hosts_that_are_allowed_are_answered(free_app, host, expected):
    allowed = load_settings(
        database_url="postgresql://x", secret_key="x" * 16, allowed_hosts="board.example, localhost"
    ).allowed_hosts
    status, _ = await head(RequestLimits(free_app, allowed), "GET", "/feed.atom", {"host": host})
    assert status == expected
