"""What is told to a webhook that wants everything."""

import json

import pytest

from tests.support import client_of

FORM = {"title": "Kite", "url": "https://example.org/kite", "description": "Flies."}


@pytest.fixture(autouse=True)
async def wanted(add) -> int:
    return await add("https://hooks.example/")


@pytest.fixture
def services(free_app):
    return free_app.extensions["upvote"]


@pytest.fixture
def told(db):
    """Return a function that returns what was written since the last call: (type, data), in order."""

    async def told() -> list[tuple[str, dict]]:
        rows = await db.fetch(
            """
            SELECT type, webhook_events.subject, body FROM webhook_events
            JOIN webhook_deliveries ON event_id = webhook_events.id ORDER BY webhook_events.id
            """
        )
        await db.execute("DELETE FROM webhook_events")
        found = [(row["type"], json.loads(row["body"])) for row in rows]
        assert all(body["type"] == kind for kind, body in found)
        projects = [body["data"]["project"] for _, body in found]
        assert [row["subject"] for row in rows] == [
            f"key {each['key']}" if each["key"] else f"project {each['id']}" for each in projects
        ]
        return [(kind, body["data"]) for kind, body in found]

    return told


@pytest.fixture
async def kite(free_app, board):
    """Submit a project; return its author and its id."""
    author = await board.user()
    answer = await client_of(free_app, author).post("/projects/new", form=FORM)
    return author, int(answer.headers["Location"].rsplit("/", 1)[1])
