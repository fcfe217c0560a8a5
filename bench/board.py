"""Starts the board that is measured: its own servers on free ports, with users and projects."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from redis.asyncio import Redis

from app.main import create_app
from app.settings import Settings, load_settings
from app.storage.connections import open_database, open_redis
from app.storage.migrate import migrate
from bench import queries
from bench.queries import User
from bench.wrk import CONNECTIONS, Load, wrk
from tests.ports import free_port
from tests.processes import environment, running_web
from tests.servers import start_postgres, start_valkey
from tests.support import session_cookie

SECRET = "a secret of the bench only"
# At 20,000 votes a second a user votes 40 times a minute. That is below the limit of an account, which
# stays on, as does the limit of a project.
USERS = 30_000
PROJECTS = 10_000
READERS = 1_000  # users who read pages
VOTED_ON = 500  # projects that receive the votes


@dataclass
class BenchBoard:
    """A board with running servers, and the load that the bench puts on it."""

    settings: Settings
    db: asyncpg.Pool
    redis: Redis
    cookies: Path
    project_ids: list[int]
    extra_users: dict[int, int]  # number of tallies to change -> a user who casts only these votes
    next_vote: int = 0

    async def vote(self, port: int, seconds: int, rate: int = 0) -> Load:
        """Cast votes for `seconds` seconds, each one the first vote of its user on its project."""
        projects = self.project_ids[:VOTED_ON]
        load = await wrk(
            port, "/", "vote.lua", self.cookies, self.next_vote, rate, *projects, seconds=seconds
        )
        self.next_vote += load.requests + CONNECTIONS + 1
        return load

    async def get(
        self, port: int, path: str, seconds: int, *, signed_in: bool = False, rate: int = 0
    ) -> Load:
        """Fetch a page for `seconds` seconds, `rate` times a second (0: as often as possible)."""
        cookies = self.cookies if signed_in else "-"
        return await wrk(port, path, "get.lua", cookies, rate, READERS, seconds=seconds)

    def web(self, workers: int = 1) -> contextlib.AbstractAsyncContextManager[int]:
        """Run the product's web processes; yield the port."""
        return running_web(self.settings, web_workers=workers)


@asynccontextmanager
async def open_board(data_dir: Path) -> AsyncIterator[BenchBoard]:
    """Start a board with users and projects, and no votes."""
    async with servers(data_dir) as (settings, db, redis):
        project_ids = await queries.insert_projects(db, PROJECTS)
        yield await make_board(settings, db, redis, project_ids)


@asynccontextmanager
async def servers(data_dir: Path) -> AsyncIterator[tuple[Settings, asyncpg.Pool, Redis]]:
    """Start a migrated PostgreSQL and a Valkey; yield settings and connections."""
    with start_postgres(data_dir) as postgres, start_valkey(data_dir) as valkey:
        settings = load_settings(
            database_url=postgres.url, redis_url=valkey.url, secret_key=SECRET, data_dir=data_dir
        )
        migrate(settings)
        db, redis = await open_database(settings, query_seconds=600), open_redis(settings)
        yield settings, db, redis
        db.terminate()
        await redis.aclose()


async def make_board(
    settings: Settings, db: asyncpg.Pool, redis: Redis, project_ids: list[int]
) -> BenchBoard:
    """Add voters without votes; return the board with them and these projects."""
    *users, first, second = await queries.insert_users(db, USERS + 2)
    cookies = write_cookies(settings, "voters", users)
    extra_users = {10_000: first.id, 100: second.id}
    return BenchBoard(settings, db, redis, cookies, project_ids, extra_users)


def write_cookies(settings: Settings, name: str, users: Sequence[User]) -> Path:
    """Write the users' session cookies to a file, one in each line; return its path."""
    app, path = create_app(settings), settings.data_dir / f"{name}.cookies"
    path.write_text("".join(session_cookie(app, user) + "\n" for user in users))
    return path


@asynccontextmanager
async def baseline(target: str, settings: Settings) -> AsyncIterator[int]:
    """Run an app of bench/baselines.py on a free port; yield the port."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.baselines",
        env=environment(settings, baseline=target, port=port), cwd=Path(__file__).parent.parent,
        process_group=0,
    )  # fmt: skip
    try:
        await wait_until_open(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        await process.wait()


async def wait_until_open(port: int) -> None:
    """Wait until the port accepts connections, for at most 30 s."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
