"""Tracks and teams in the API."""

import pytest

from app.accounts.commands import create_token
from tests.board.some_tracks import tracks
from tests.support import client_of

__all__ = ["tracks"]


@pytest.fixture
async def mine(settings, board) -> dict[str, str]:
    """Return headers with a token."""
    return {"Authorization": f"Bearer {await create_token(settings, (await board.user()).username)}"}


async def test_a_project_is_submitted_in_a_track_and_found_there(tracks, free_app, mine):
    await tracks(games="Games", tools="Tools")
    client = client_of(free_app)
    answer = await client.post("/api/projects", json={"title": "Chess", "track": "games"}, headers=mine)
    made = await answer.get_json()
    assert made["track"] == "games"
    assert made["authors"] == [made["author"]]
    for track, found in (("games", True), ("tools", False)):
        listed = await (await client.get(f"/api/projects?sort=new&track={track}")).get_json()
        assert (made["id"] in [project["id"] for project in listed["projects"]]) == found


async def test_no_track_is_null(tracks, free_app, mine):
    await tracks(games="Games")
    for body in ({"title": "Chess"}, {"title": "Chess", "track": None}):
        answer = await client_of(free_app).post("/api/projects", json=body, headers=mine)
        assert (await answer.get_json())["track"] is None


async def test_an_unknown_track_is_refused_with_the_tracks_that_exist(tracks, free_app, mine):
    await tracks(games="Games", tools="Tools")
    body = {"title": "Chess", "track": "chess"}
    answer = await client_of(free_app).post("/api/projects", json=body, headers=mine)
    assert answer.status_code == 422
    assert "games, tools" in (await answer.get_json())["message"]
