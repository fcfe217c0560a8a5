"""`python -m bench.hydration`: loads a project with a million voters while others receive votes.

About 400 votes a second go to other projects, over 16 connections. Their delays are compared before and
while the first vote on the large project loads its votes from PostgreSQL into Redis.
"""

import argparse
import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
from redis.asyncio import Redis

from app.commands.signals import interrupt_on_signals
from app.demo import load
from app.main import create_app
from app.settings import Settings, load_settings
from app.storage.connections import open_database, open_redis
from app.storage.migrate import migrate
from tests.chaos.clients import PROJECTS, USERS, Crowd
from tests.http import Connection
from tests.processes import running_web
from tests.servers import start_postgres, start_valkey
from tests.support import Board, session_cookie

VOTERS = 1_000_000
BEFORE = 8.0  # s; votes start one second earlier, to open connections and fill caches
MAX_PAUSE = 0.07  # s between two votes of a connection
TIMEOUT = 120.0  # s


@dataclass(frozen=True)
class Delays:
    """Response times of votes on other projects, in ms."""

    votes: int
    p50: float
    p99: float

    def __str__(self) -> str:
        return f"{self.votes} votes, p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms"


@dataclass(frozen=True)
class Hydration:
    """The result: how long the project took to load, and what that cost."""

    voters: int
    seconds: float  # from the first vote until one was counted
    refused: int  # votes answered with 503 and sent again
    before: Delays
    during: Delays
    web_bytes: int  # the largest growth of the web process's memory
    valkey_bytes: int  # the growth of Valkey's memory

    def __str__(self) -> str:
        return (
            f"{self.voters:,} voters: loaded in {self.seconds:.1f} s, {self.refused} votes sent again\n"
            f"other projects before: {self.before}\n"
            f"other projects during loading: {self.during}\n"
            f"memory: web process up to {self.web_bytes / 2**20:.0f} MiB more,"
            f" Valkey {self.valkey_bytes / self.voters:.1f} bytes a vote"
        )


async def measure(settings: Settings, voters: int = VOTERS) -> Hydration:
    """Measure on an empty board with a migrated database."""
    await load(settings, projects=1, users=voters + 1, votes=voters)
    db, redis = await open_database(settings, query_seconds=60), open_redis(settings)
    no_limits = {"rate_limit_max": 0, "account_limit_max": 0}
    try:
        async with running_web(settings, **no_limits) as port, _crowd(settings, db, port) as crowd:
            await asyncio.sleep(1 + BEFORE)
            return await _measure(crowd, db, redis)
    finally:
        db.terminate()
        await redis.aclose()


@asynccontextmanager
async def _crowd(settings: Settings, db: asyncpg.Pool, port: int) -> AsyncIterator[Crowd]:
    board, app = Board(db), create_app(settings)
    users = await board.users(USERS)
    projects = [await board.project(users[0]) for _ in range(PROJECTS)]
    cookies = {user.id: session_cookie(app, user) for user in users}
    crowd = Crowd([port], projects, cookies, pause=MAX_PAUSE)
    async with crowd.voting():
        yield crowd


async def _measure(crowd: Crowd, db: asyncpg.Pool, redis: Redis) -> Hydration:
    project_id = await db.fetchval("SELECT project_id FROM vote_heads ORDER BY version DESC LIMIT 1")
    voters = await db.fetchval("SELECT count(*) FROM votes WHERE project_id = $1", project_id)
    valkey = (await redis.info("memory"))["used_memory"]
    async with _watched() as rise:
        start = time.time()
        refused = await _until_counted(crowd, project_id)
        end = time.time()
    return Hydration(
        voters,
        end - start,
        refused,
        _delays(crowd, start - BEFORE, start),
        _delays(crowd, start, end),
        rise[0],
        (await redis.info("memory"))["used_memory"] - valkey,
    )


async def _until_counted(crowd: Crowd, project_id: int) -> int:
    """Repeat a vote until it is accepted, as the button does; return the number of refusals."""
    refused = 0
    async with asyncio.timeout(TIMEOUT), Connection(crowd.ports[0], _someone(crowd)) as browser:
        while (status := (await browser.vote(project_id, 1)).status) != 200:
            assert status == 503, status
            refused += 1
            await asyncio.sleep(0.1)
    return refused


def _someone(crowd: Crowd) -> str:
    return next(iter(crowd.cookies.values()))


def _delays(crowd: Crowd, since: float, until: float) -> Delays:
    """Return the delays of the answered votes that were in progress in that time."""
    votes = [i for i in crowd.acknowledged() if i.answered > since and i.sent < until]
    taken = sorted(1000 * (intent.answered - intent.sent) for intent in votes)
    return Delays(len(taken), taken[len(taken) // 2], taken[len(taken) * 99 // 100])


@asynccontextmanager
async def _watched() -> AsyncIterator[list[int]]:
    """Yield a list with one number: the largest growth (bytes) of our web process so far."""
    rise, before = [0], _web_bytes()

    async def watch() -> None:
        while True:
            rise[0] = max(rise[0], _web_bytes() - before)
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    yield rise
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching


def _web_bytes() -> int:
    [web] = [p for p in psutil.Process().children() if p.cmdline()[-1:] == ["web"]]
    return sum(process.memory_info().rss for process in (web, *web.children(recursive=True)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.hydration", description=__doc__)
    parser.add_argument("--voters", type=int, default=VOTERS)
    voters = parser.parse_args().voters
    interrupt_on_signals()
    with tempfile.TemporaryDirectory(prefix="upvote-hydration-") as directory:
        data_dir = Path(directory)
        with start_postgres(data_dir) as postgres, start_valkey(data_dir) as valkey:
            settings = load_settings(
                database_url=postgres.url, redis_url=valkey.url, secret_key="a secret of the bench only"
            )
            migrate(settings)
            print(asyncio.run(measure(settings, voters)))


if __name__ == "__main__":
    main()
