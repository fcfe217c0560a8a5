"""What a vote over the budget is answered with: which votes could be taken back."""

import pytest

from app.moderation.actions import moderate_project
from app.projects.queries import insert_project
from tests.support import client_of
from tests.vote_box import HTMX, post_vote

NONE = "none can be taken back: they are on projects that an admin has locked or hidden."


async def words(client, project_id) -> str:
    answer = await post_vote(client, project_id, 1, **HTMX)
    return (await answer.get_data(as_text=True)).replace("\u2068", "").replace("\u2069", "")


@pytest.mark.parametrize("action", ["lock", "hide"])
async def test_only_votes_that_can_be_taken_back_are_named(organise, free_app, board, action):
    await organise(budget="2")
    services, user = free_app.extensions["upvote"], await board.user()
    client = client_of(free_app, user)
    author = await board.user()
    kite, rocket, boat = [
        await insert_project(board.db, author.id, title, None, "")
        for title in ("Kite", "Rocket", "Boat")
    ]
    for project_id in (kite, rocket):
        await post_vote(client, project_id, 1, **HTMX)
    assert "Take one back first." in await words(client, boat)  # nothing is stored yet
    await services.persist_events()
    assert "You voted on “Rocket”, “Kite”" in await words(client, boat)
    await moderate_project(services, None, action, kite, "A test.")
    assert "You voted on “Rocket”<" in await words(client, boat)
    await moderate_project(services, None, action, rocket, "A test.")
    found = await words(client, boat)
    assert NONE in found
    assert "Take one back" not in found
