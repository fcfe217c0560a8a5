"""A private board: who is a stranger, and what a stranger is answered."""

from urllib.parse import unquote

import pytest

from tests.board.organise import organise
from tests.support import client_of

__all__ = ["organise"]


@pytest.fixture
async def private(organise):
    await organise(private="yes")


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
