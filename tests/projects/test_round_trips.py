"""A page asks each server few times, and at the same time what it can."""

from collections.abc import AsyncIterator
from operator import gt

import pytest
from quart import Quart

from app.main import create_app
from tests.faults.network import Links, linked
from tests.support import client_of


@pytest.fixture(scope="module")
async def links(valkey, postgres) -> AsyncIterator[Links]:
    async with linked(valkey, postgres) as links:
        yield links


@pytest.fixture(scope="module")
async def app(settings, links) -> AsyncIterator[Quart]:
    app = create_app(settings.model_copy(update=links.urls))
    async with app.test_app() as serving:
        yield serving.app


# Questions to PostgreSQL and to Redis, whoever reads; a member's page asks whether they are an admin,
# once in five seconds.
MOST = {
    "/": (1, 1),
    "/?sort=new": (1, 1),
    "/projects/{}": (6, 1),
    "/users/{}": (3, 1),
    "/me/votes": (1, 1),
    "/api/tallies?keys=key-{},none": (1, 1),
}


@pytest.mark.parametrize("path", MOST)
async def test_a_page_asks_few_times(app, links, board, db, path):
    user = await board.user()
    project = await board.project(user)
    await db.execute("UPDATE projects SET key = 'key-' || id WHERE id = $1", project)
    address = path.format(user.username if "users" in path else project)
    client = client_of(app, user)
    for _ in range(12):  # each connection prepares each statement once
        assert (await client.get(address)).status_code == 200

    async def round_trips() -> tuple[int, int]:
        before = links.postgres.round_trips, links.redis.round_trips
        assert (await client.get(address)).status_code == 200
        return links.postgres.round_trips - before[0], links.redis.round_trips - before[1]

    # The smallest counts: background tasks ask now and then, on a busy machine during most requests.
    counts = [await round_trips() for _ in range(5)]
    while len(counts) < 100 and any(map(gt, map(min, zip(*counts, strict=True)), MOST[path])):
        counts.append(await round_trips())
    assert min(count[0] for count in counts) <= MOST[path][0]
    assert min(count[1] for count in counts) <= MOST[path][1]


async def test_a_project_page_asks_at_the_same_time_what_depends_on_nothing_else(app, links, board):
    author = await board.user()  # who also sees why a project was hidden or locked
    project = await board.project(author)
    client = client_of(app, author)
    for _ in range(5):
        assert (await client.get(f"/projects/{project}")).status_code == 200
    links.postgres.most_waiting = 0
    links.postgres.delay = 0.1
    assert (await client.get(f"/projects/{project}")).status_code == 200
    links.postgres.heal()
    assert links.postgres.most_waiting >= 2
