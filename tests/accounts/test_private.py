"""A private board: who is a stranger, and what a stranger is answered."""

from urllib.parse import unquote

import pytest

from app.live.stream import Stream
from tests.asgi_calls import ask, with_middleware
from tests.board.every_route import open_stream
from tests.board.organise import organise
from tests.support import client_of, session_cookie
from tests.waiting import until

__all__ = ["organise"]


@pytest.fixture
async def private(organise):
    await organise(private="yes")


@pytest.fixture
def quick_ticks(app, monkeypatch):
    monkeypatch.setattr(app.extensions["upvote_hub"], "tick_seconds", 0.01)


@pytest.mark.parametrize("path", ["/", "/projects/1", "/nothing", "/results.csv?track=a"])
async def test_a_stranger_is_sent_to_sign_in_and_back(private, app, path):
    answer = await client_of(app).get(path)
    assert answer.status_code == 303
    assert unquote(answer.headers["Location"]) == f"/login?next={path}"


async def test_htmx_is_sent_there_too(private, app):
    headers = {"HX-Request": "true", "Referer": "http://localhost/projects/5"}
    answer = await client_of(app).post("/projects/5/vote", form={"value": "1"}, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login?next=%2Fprojects%2F5"


@pytest.mark.parametrize("path", ["/api/projects", "/api/projects/1", "/api/nothing", "/feed.atom"])
async def test_a_program_is_asked_for_a_token(private, app, path):
    answer = await client_of(app).get(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")


@pytest.mark.parametrize("path", ["/embed/1", "/live?projects=1"])
async def test_frames_and_streams_are_refused(private, app, path):
    assert (await client_of(app).get(path)).status_code == 401


async def test_people_with_an_account_read(private, app, board):
    client = client_of(app, await board.user())
    answer = await client.get("/")
    assert answer.status_code == 200
    assert answer.headers["X-Robots-Tag"] == "noindex"
    feed = await client.get("/feed.atom")
    assert feed.status_code == 200
    assert feed.headers["Cache-Control"] == "private, no-cache"


async def test_a_page_that_visitors_shared_is_not_shown_once_the_board_is_private(organise, app, board):
    whole = with_middleware(app)
    assert (await ask(whole, "GET", "/")).status == 200
    await organise(private="yes")
    assert (await ask(whole, "GET", "/")).status == 303
    await organise(private="no")
    assert (await ask(whole, "GET", "/")).status == 200


def streams_of(app, user_id) -> set[Stream]:
    streams = app.extensions["upvote_hub"]._streams
    return {each for each in streams if user_id == (each.user and each.user.id)}


async def test_streams_of_visitors_end_and_those_of_members_go_on(organise, app, board, quick_ticks):
    account, path = await board.user(), f"/live?projects={await board.project()}"
    member = {"cookie": f"upvote_session={session_cookie(app, account)}"}
    async with open_stream(app, path, {}) as visitors, open_stream(app, path, member) as members:
        await visitors(bool)
        await members(bool)
        assert streams_of(app, None)
        await organise(private="yes")
        assert "event: times" in await members(lambda got: "event: times" in got)
        await until(lambda: not streams_of(app, None))
        assert streams_of(app, account.id)
        assert "data" not in await visitors(bool)


async def test_a_stream_whose_reader_signs_out_ends(private, app, board, quick_ticks):
    account, path = await board.user(), f"/live?projects={await board.project()}"
    cookie = {"cookie": f"upvote_session={session_cookie(app, account)}"}
    async with open_stream(app, path, cookie) as text:
        await text(bool)
        [stream] = streams_of(app, account.id)
        await client_of(app, account).post("/logout")
        await until(lambda: stream not in app.extensions["upvote_hub"]._streams)


@pytest.mark.parametrize("path", ["/", "/api/projects", "/feed.atom", "/embed/1", "/live?projects=1"])
async def test_nobody_but_members_reads_a_board_that_is_not_known_yet(app, board, monkeypatch, path):
    monkeypatch.setattr(app.extensions["upvote"].board, "known", False)
    answer = await ask(with_middleware(app), "GET", path)
    assert (answer.status, "retry-after" in answer.headers) == (503, True)
    member = {"cookie": f"upvote_session={session_cookie(app, await board.user())}"}
    if not path.startswith("/api/"):  # needs a token, and that needs PostgreSQL
        assert (await ask(with_middleware(app), "GET", path, member)).status != 503


async def test_search_engines_are_told_to_stay_away(app, organise):
    whole = with_middleware(app)
    assert "Allow: /" in (await ask(whole, "GET", "/robots.txt")).body
    assert "x-robots-tag" not in (await ask(whole, "GET", "/")).headers
    await organise(private="yes")
    assert "Disallow: /\n" in (await ask(whole, "GET", "/robots.txt")).body
    assert (await ask(whole, "GET", "/login")).headers["x-robots-tag"] == "noindex"


async def test_figures_need_the_token_of_an_account(private, app):
    answer = await ask(with_middleware(app), "GET", "/metrics")
    assert answer.status == 401
    assert "upvote_" not in answer.body


async def test_the_page_to_sign_in_shows_the_name_and_nothing_of_the_contents(app, organise):
    await organise(private="yes", name="Quiet Board", tagline="Loud tagline")
    page = (await ask(with_middleware(app), "GET", "/login")).body
    assert "Quiet Board" in page
    for part in ("Loud tagline", "og:", "countdown-clock", "/search", "/projects/new", "sort="):
        assert part not in page
