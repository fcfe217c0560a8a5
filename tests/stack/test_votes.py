"""The whole of it: browsers' requests, two web processes, a worker, real servers."""

import asyncio
import random
import re
import time

import pytest

from app.services import make_functions
from app.voting import keys
from tests.conftest import NO_LIMITS
from tests.http import Connection
from tests.processes import running, running_web
from tests.support import session_cookie


def box(html: str) -> tuple[int, int]:
    """A fragment's vote and version."""
    vote = re.search(r'data-vote="(-?\d+)" data-version="(\d+)"', html)
    assert vote
    return int(vote[1]), int(vote[2])


async def until(condition, seconds: float) -> float:
    """Wait for a condition; returns how long it took."""
    start = time.monotonic()
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)
    return time.monotonic() - start


async def test_a_vote_is_in_postgresql_within_seconds(settings, app, board, db):
    project_id, user = await board.project(), await board.user()
    async with (
        running_web(settings) as port,
        running("worker", settings, sync_interval=2),
        Connection(port, session_cookie(app, user)) as browser,
    ):
        await asyncio.sleep(2)  # the worker has found its pace
        assert (await browser.vote(project_id, 1)).status == 200

        async def persisted():
            return await board.votes(project_id) == {user.id: 1}

        async def synced():
            return await db.fetchval("SELECT upvotes FROM projects WHERE id = $1", project_id) == 1

        await until(persisted, 3)
        await until(synced, 2 + 2)
        [event] = await board.events(project_id)
        assert (event["user_id"], event["old_value"], event["new_value"]) == (user.id, 0, 1)


async def test_ten_thousand_random_votes_leave_redis_fragments_and_postgresql_equal(
    settings, app, board, db, redis
):
    users, projects = await board.users(200), [await board.project() for _ in range(50)]
    last: dict[tuple[int, int], tuple[int, int]] = {}  # (project, user) -> (value, version)
    async with (
        running_web(settings, web_workers=2, **NO_LIMITS) as port,
        running("worker", settings, sync_interval=1),
    ):
        await asyncio.gather(
            *[_vote_at_random(port, app, users[n::20], projects, 500, last) for n in range(20)]
        )

        async def drained():
            return not await redis.xlen(keys.events(0)) and not await redis.hlen(keys.changed(0))

        await until(drained, 30)
    standings = await make_functions(redis, db, settings).read(projects)
    rows = await db.fetch(
        "SELECT id, upvotes, downvotes, vote_version FROM projects WHERE id = ANY ($1)", projects
    )
    for row in rows:
        voted = {user: value for (p, user), (value, _) in last.items() if p == row["id"] and value}
        counts = [list(voted.values()).count(value) for value in (1, -1)]
        assert await board.votes(row["id"]) == voted
        assert list(standings[row["id"]].tally[:2]) == counts == [row["upvotes"], row["downvotes"]]
        versions = [event["version"] for event in await board.events(row["id"])]
        assert versions == list(range(1, row["vote_version"] + 1))
        assert max(version for (p, _), (_, version) in last.items() if p == row["id"]) <= len(versions)


async def _vote_at_random(port, app, users, projects, count, last) -> None:
    """One browser after another: each user of the slice votes over a connection of its own."""
    for user in users:
        async with Connection(port, session_cookie(app, user)) as browser:
            for _ in range(count // len(users)):
                project_id, value = random.choice(projects), random.choice((1, 0, -1))
                reply = await browser.vote(project_id, value)
                assert reply.status == 200
                vote, version = box(reply.text)
                assert vote == value
                last[project_id, user.id] = (vote, version)


@pytest.mark.parametrize("window", [3, pytest.param(10, marks=pytest.mark.long)])
async def test_no_window_holds_more_than_five_votes(settings, app, board, window):
    project_id, user = await board.project(), await board.user()
    accepted: list[tuple[float, float]] = []  # sent, answered: Redis counted it in between

    async def hammer(port: int, end: float) -> None:
        async with Connection(port, session_cookie(app, user)) as browser:
            while time.monotonic() < end:
                sent = time.monotonic()
                reply = await browser.vote(project_id, random.choice((1, -1)))
                if reply.status == 200:
                    accepted.append((sent, time.monotonic()))
                else:
                    assert reply.status == 429
                    assert 1 <= int(reply.headers["retry-after"]) <= window

    async with running_web(settings, web_workers=2, rate_limit_window=window) as port:
        end = time.monotonic() + 2.5 * window
        await asyncio.gather(*[hammer(port, end) for _ in range(200)])
    assert len(accepted) == 15  # five at once, and five each time that the window has passed
    for start, _ in accepted:
        inside = [1 for sent, answered in accepted if start <= sent and answered < start + window]
        assert len(inside) <= settings.rate_limit_max
