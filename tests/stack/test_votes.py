"""Votes through the whole stack: requests of browsers, two web processes, a worker and real servers."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

import pytest

from app.voting import keys
from app.voting.functions import VoteFunctions
from tests.conftest import NO_LIMITS
from tests.http import Connection
from tests.processes import running, running_web
from tests.support import session_cookie
from tests.vote_box import vote_and_version
from tests.voting.windows import HOUR, make_older, now
from tests.waiting import until
from workers.schedule import cron_jobs


@pytest.fixture(scope="module")
async def port(settings) -> AsyncIterator[int]:
    """Yield the port of two web processes without limits."""
    async with running_web(settings, web_workers=2, **NO_LIMITS) as port:
        yield port


def test_the_worker_persists_every_second_and_syncs_every_sync_interval(settings):
    jobs = {job.name: job for job in cron_jobs(settings.model_copy(update={"sync_interval": 2}))}
    assert jobs["cron:persist_events"].second == set(range(60))
    assert jobs["cron:sync_tallies"].second == set(range(0, 60, 2))
    assert all(job.minute is None for job in (jobs["cron:persist_events"], jobs["cron:sync_tallies"]))


async def test_the_first_runs_after_a_vote_bring_it_to_postgresql(
    settings, app, port, board, db, redis
):
    """The jobs run every second or every SYNC_INTERVAL, so a vote is in PostgreSQL within seconds."""
    project_id, user = await board.project(), await board.user()
    async with (
        running("worker", settings, sync_interval=1),
        Connection(port, session_cookie(app, user)) as browser,
    ):
        await until(lambda: has_run(redis, "persist_events", 0), "for the worker")
        assert (await browser.vote(project_id, 1)).status == 200
        voted = await now(redis)
        await until(lambda: has_run(redis, "persist_events", voted), "for a persist")
        assert await board.votes(project_id) == {user.id: 1}
        [event] = await board.events(project_id)
        assert (event["user_id"], event["old_value"], event["new_value"]) == (user.id, 0, 1)
        await until(lambda: has_run(redis, "sync_tallies", voted), "for a sync")
        assert await db.fetchval("SELECT upvotes FROM projects WHERE id = $1", project_id) == 1


async def has_run(redis, job: str, since: int) -> bool:
    """Return whether the worker's last run of the job began after that time (ms) and has ended."""
    names = [f"{job}:started_at", f"{job}:ended_at"]
    started, ended = [float(at or 0) * 1000 for at in await redis.hmget(keys.METRICS_WORKER, names)]
    return since < started <= ended


@pytest.mark.parametrize("votes", [2_000, pytest.param(10_000, marks=pytest.mark.long)])
async def test_random_votes_leave_redis_fragments_and_postgresql_equal(
    settings, app, port, board, db, redis, votes
):
    users, projects = await board.users(200), [await board.project() for _ in range(50)]
    last: dict[tuple[int, int], tuple[int, int]] = {}  # (project, user) -> (value, version)
    async with running("worker", settings, sync_interval=1):
        await asyncio.gather(
            *[_vote_at_random(port, app, users[n::20], projects, votes // 20, last) for n in range(20)]
        )

        async def drained():
            return not await redis.xlen(keys.events(0)) and not await redis.hlen(keys.changed(0))

        await until(drained, "for the events and the tallies")
    states = await VoteFunctions(redis, db, settings).read(projects)
    rows = await db.fetch(
        "SELECT id, upvotes, downvotes, vote_version FROM projects WHERE id = ANY ($1)", projects
    )
    for row in rows:
        voted = {user: value for (p, user), (value, _) in last.items() if p == row["id"] and value}
        counts = [list(voted.values()).count(value) for value in (1, -1)]
        assert await board.votes(row["id"]) == voted
        assert list(states[row["id"]].tally[:2]) == counts == [row["upvotes"], row["downvotes"]]
        versions = [event["version"] for event in await board.events(row["id"])]
        assert versions == list(range(1, row["vote_version"] + 1))
        assert max(version for (p, _), (_, version) in last.items() if p == row["id"]) <= len(versions)


async def _vote_at_random(port, app, users, projects, count, last) -> None:
    """Let each of the users vote over their own connection, one after another."""
    for user in users:
        async with Connection(port, session_cookie(app, user)) as browser:
            for _ in range(count // len(users)):
                project_id, value = random.choice(projects), random.choice((1, 0, -1))
                while (reply := await browser.vote(project_id, value)).status == 503:
                    pass  # too busy: sending the vote again is safe
                assert reply.status == 200
                vote, version = vote_and_version(reply.text)
                assert vote == value
                last[project_id, user.id] = (vote, version)


class Hammer:
    """Votes of one user on one project over 200 connections at once."""

    def __init__(self, port: int, cookie: str, project_id: int, window: int) -> None:
        self.accepted = 0
        self._port, self._cookie = port, cookie
        self._project_id, self._window = project_id, window
        self._refused = 0

    async def strike(self, most: int, refusals: int = 200) -> None:
        """Vote until `most` votes were accepted in all and `refusals` more were refused."""
        self._refused = -refusals
        await asyncio.gather(*[self._vote(most) for _ in range(200)])

    async def _vote(self, most: int) -> None:
        async with Connection(self._port, self._cookie) as browser:
            while self.accepted < most or self._refused < 0:
                reply = await browser.vote(self._project_id, random.choice((1, -1)))
                if reply.status == 200:
                    self.accepted += 1
                elif reply.status != 503:  # a vote that waited too long on a busy machine is not cast
                    self._refused += 1
                    assert reply.status == 429
                    assert 1 <= int(reply.headers["retry-after"]) <= self._window


@pytest.fixture
async def hammer(settings, app, board):
    """Return a function that starts processes with a window (s) and returns a hammer and its key."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(window: int) -> tuple[Hammer, str]:
            web = running_web(settings, web_workers=2, rate_limit_window=window, account_limit_max=0)
            port = await stack.enter_async_context(web)
            project_id, user = await board.project(), await board.user()
            hammer = Hammer(port, session_cookie(app, user), project_id, window)
            return hammer, keys.rate(0, project_id, user.id)

        yield start


async def test_no_window_holds_more_than_five_votes(hammer, redis):
    """This holds for many votes at once and while the window moves."""
    hammer, key = await hammer(HOUR // 1000)
    await hammer.strike(5)
    assert hammer.accepted == 5
    await make_older(redis, key, HOUR // 2)
    await hammer.strike(5)
    assert hammer.accepted == 5
    await make_older(redis, key, HOUR // 2 + 1)
    await hammer.strike(10)
    assert hammer.accepted == 10


@pytest.mark.parametrize("window", [1, pytest.param(10, marks=pytest.mark.long)])
async def test_no_window_of_time_holds_more_than_five_votes(hammer, redis, window):
    """The times are those that Redis recorded for the votes that it accepted."""
    (hammer, key), accepted = await hammer(window), []
    async with redis.monitor() as monitor:

        async def strike() -> None:
            await hammer.strike(15, refusals=0)
            await redis.echo(enough)

        striking, enough = asyncio.create_task(strike()), f"enough of {key}"
        while enough not in (command := (await monitor.next_command())["command"]):
            if command.startswith(f"SET {key} "):
                accepted.append(int(command.split()[2].split(",")[-2]))
    await striking
    assert len(accepted) == hammer.accepted
    for first, sixth in zip(accepted, accepted[5:], strict=False):
        assert sixth - first > window * 1000
