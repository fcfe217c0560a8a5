"""Pages of other sites: CORS_ORIGINS, the API and the live stream, and nothing else."""

import asyncio
from itertools import product

import pytest

from app.accounts.commands import create_token
from app.settings import SettingsError, load_settings
from tests.asgi_calls import FORM, HTMX, ask
from tests.board.organise import organise
from tests.fast_client import FastVotesApp
from tests.support import session_cookie
from tests.waiting import CEILING

__all__ = ["organise"]

SITE, OTHER = "https://site.example", "https://other.example"
ASKED = {"origin": SITE, "access-control-request-method": "POST"}


@pytest.fixture(params=["yes", "no"], ids=["fast", "quart"])
def shared(free_app, request):
    """Return the whole app, whose API the pages of SITE may use."""
    return FastVotesApp(
        free_app, cors_origins=f"{SITE}, http://localhost:3000", fast_paths=request.param,
        allowed_hosts="localhost",
    )  # fmt: skip


@pytest.fixture
async def token(board, settings):
    return await create_token(settings, (await board.user()).username)


def grants(answer):
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


async def test_a_page_of_the_site_reads_the_api(shared):
    answer = await ask(shared, "GET", "/api/projects", {"origin": SITE})
    assert answer.status == 200
    assert grants(answer) == {
        "access-control-allow-origin": SITE,
        "access-control-expose-headers": "Retry-After, ETag, Location",
    }
    assert {"Authorization", "Origin"} <= set(answer.headers["vary"].split(", "))


async def test_a_page_of_the_site_votes_with_a_token(shared, board, token):
    body = b'{"project_id": %d, "vote_type": "up"}' % await board.project()
    headers = {"origin": SITE, "sec-fetch-site": "cross-site", "authorization": f"Bearer {token}"}
    answer = await ask(shared, "POST", "/api/votes", headers, body)
    assert (answer.status, grants(answer)["access-control-allow-origin"]) == (200, SITE)
    refused = await ask(shared, "POST", "/api/votes", headers | {"origin": OTHER}, body)
    assert (refused.status, grants(refused)) == (403, {})


async def test_answers_without_an_origin_say_that_they_vary_with_it(shared):
    for origin in (None, OTHER, "null", SITE.upper(), f"{SITE}/", f"{SITE}.evil.example"):
        answer = await ask(shared, "GET", "/api/projects", {"origin": origin})
        assert (answer.status, grants(answer)) == (200, {}), origin
        assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/votes", "POST"),
        ("/api/projects", "GET, HEAD, POST"),
        ("/api/projects/1", "GET, HEAD"),
        ("/api/tallies", "GET, HEAD"),
        ("/live", "GET, HEAD"),
    ],
)
async def test_a_preflight_names_exactly_the_methods_of_the_route(shared, path, methods):
    answer = await ask(shared, "OPTIONS", path, ASKED)
    assert (answer.status, answer.body) == (204, "")
    assert answer.headers["access-control-allow-methods"] == methods
    assert answer.headers["access-control-allow-headers"] == (
        "Authorization, Content-Type, Idempotency-Key"
    )
    assert answer.headers["access-control-allow-origin"] == SITE
    assert int(answer.headers["access-control-max-age"]) > 0


async def test_a_preflight_needs_no_account_on_a_private_board(shared, organise):
    await organise(private="yes")
    assert (await ask(shared, "OPTIONS", "/api/votes", ASKED)).status == 204


async def test_other_preflights_are_refused(shared):
    other = await ask(shared, "OPTIONS", "/api/votes", ASKED | {"origin": OTHER})
    assert (other.status, grants(other)) == (403, {})
    assert "CORS_ORIGINS" in other.body
    assert (await ask(shared, "OPTIONS", "/api/nothing", ASKED)).status == 404


@pytest.mark.parametrize(
    "path", ["/", "/login", "/projects/1/vote", "/embed/1", "/metrics", "/api", "/livex"]
)
async def test_nothing_else_is_shared(shared, path):
    for method in ("GET", "POST", "OPTIONS"):
        answer = await ask(shared, method, path, ASKED | FORM | HTMX | {"sec-fetch-site": "cross-site"})
        assert grants(answer) == {}, method
        if method == "POST":
            assert answer.status == 403


async def test_cookies_count_for_nothing_and_no_answer_allows_them(shared, board, free_app):
    user = await board.user()
    cookie = {"cookie": f"upvote_session={session_cookie(free_app, user)}", "origin": SITE}
    body = b'{"project_id": %d, "vote_type": "up"}' % await board.project()
    vote = await ask(shared, "POST", "/api/votes", cookie, body)
    assert vote.status == 401
    project = await board.project()
    other = f"/live?projects={project}&account=somebody-else"
    for answer in (vote, await ask(shared, "GET", "/api/projects", cookie)):
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.cookies == []
    # With a cookie that counts, the stream says that another account is signed in.
    assert "other-account" not in (await ask(shared, "GET", other, cookie)).body
    assert "other-account" in (await ask(shared, "GET", other, cookie | {"origin": None})).body


async def test_a_private_board_takes_no_cookie_from_another_site(shared, board, free_app, organise):
    await organise(private="yes")
    cookie = {"cookie": f"upvote_session={session_cookie(free_app, await board.user())}"}
    path = f"/live?projects={await board.project()}"
    assert (await ask(shared, "GET", path, cookie)).status == 200
    refused = await ask(shared, "GET", path, cookie | {"origin": SITE})
    assert (refused.status, grants(refused)["access-control-allow-origin"]) == (401, SITE)


@pytest.mark.parametrize(
    ("status", "path", "more"),
    [
        (401, "/api/me/votes", {}),
        (404, "/api/nothing", {}),
        (405, "/api/me/votes", {}),
        (422, "/api/projects?sort=odd", {}),
        (422, "/live?projects=x", {}),
        (414, f"/api/projects?x={'x' * 5000}", {}),
        (414, f"/live?x={'x' * 5000}", {}),
        (400, "/api/projects", {"host": "elsewhere.example"}),
        (431, "/api/projects", {f"x-{number}": "x" for number in range(101)}),
    ],
)
async def test_the_page_can_read_every_refusal(shared, status, path, more):
    method = "DELETE" if status == 405 else "GET"
    answer = await ask(shared, method, path, {"origin": SITE} | more)
    assert answer.status == status
    assert grants(answer)["access-control-allow-origin"] == SITE
    assert "access-control-expose-headers" in answer.headers
    assert "Origin" in answer.headers["vary"]


async def test_the_page_can_read_what_the_connection_refuses(shared):
    client = shared.connect()
    head = f"POST /api/votes HTTP/1.1\r\nhost: localhost\r\norigin: {SITE}\r\n"
    client.send(f"{head}transfer-encoding: chunked\r\n\r\nno number\r\n".encode())
    got = await asyncio.wait_for(client.answer.read(), CEILING)
    client.hang_up()
    assert got.startswith(b"HTTP/1.1 400 ")
    assert b"access-control-allow-origin: %s\r\n" % SITE.encode() in got


async def test_an_outage_is_readable(shared, free_app, board, token, monkeypatch):
    async def away(*_):
        raise OSError

    monkeypatch.setattr("app.projects.by_key.queries.select_keyed_tallies", away)
    answer = await ask(shared, "GET", "/api/tallies?keys=a", {"origin": SITE})
    assert (answer.status, grants(answer)["access-control-allow-origin"]) == (503, SITE)
    assert int(answer.headers["retry-after"]) > 0


async def test_without_the_setting_nothing_is_shared(free_app):
    alone = FastVotesApp(free_app)
    for method, path in product(("GET", "OPTIONS"), ("/api/projects", "/live?projects=1")):
        answer = await ask(alone, method, path, ASKED)
        assert grants(answer) == {}
        assert "Origin" not in answer.headers.get("vary", "")


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("https://a.example", "https://a.example"),
        ("https://a.example:443, HTTP://B.example:3000", "https://a.example,http://b.example:3000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_origins_are_kept_as_browsers_write_them(text, stored):
    assert load_settings(cors_origins=text).cors_origins == stored


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("*", "name each origin"),
        ("https://*.example", "name each origin"),
        ("a.example", "must be origins"),
        ("https://a.example/", "must be origins"),
        ("https://a.example/path", "must be origins"),
        ("https://a.example?x", "must be origins"),
        ("https://user@a.example", "must be origins"),
        ("https://a.example https://b.example", "must be origins"),
        ("https://a.example,", "must be origins"),
        ("null", "must be origins"),
        ("ftp://a.example", "must be origins"),
        ("https:a.example", "must be origins"),
    ],
)
def test_bad_origins_stop_the_start(text, words):
    with pytest.raises(SettingsError, match=words):
        load_settings(cors_origins=text)
