"""A running stack with a crowd of voting clients, for the outage tests."""

import contextlib
import shutil
import time
from collections.abc import Iterator, Set
from dataclasses import dataclass

import asyncpg
from redis.asyncio import Redis

from app.voting import keys
from tests import waiting
from tests.chaos.check import Verdict, judge
from tests.chaos.clients import Crowd
from tests.chaos.ledger import Ledger, read_ledger
from tests.chaos.program import Program
from tests.chaos.run import nothing_waits
from tests.chaos.stack import Stack, until
from tests.http import Connection, Reply


@dataclass
class BusyStack:
    """The stack, its crowd, and connections to its database and Redis."""

    stack: Stack
    crowd: Crowd
    db: asyncpg.Pool
    redis: Redis

    @property
    def user_id(self) -> int:
        """The user who reads the pages."""
        return next(iter(self.crowd.cookies))

    @property
    def project_id(self) -> int:
        """The project that the test reads: the newest one."""
        return self.crowd.project_ids[-1]

    async def get(self, path: str) -> Reply:
        async with self._browser() as browser:
            return await browser.get(path)

    async def vote(self, value: int) -> Reply:
        async with self._browser() as browser:
            return await browser.vote(self.project_id, value)

    def _browser(self) -> Connection:
        return Connection(self.crowd.ports[0], self.crowd.cookies[self.user_id])

    async def until_it_takes_votes(self, value: int) -> None:
        async def works() -> bool:
            return (await self.vote(value)).status == 200

        await until(works, "for a vote that is taken")

    async def until_all_vote_again(self) -> None:
        """Wait until every web has acknowledged a new vote."""
        first = len(self.crowd.history)

        async def voted() -> bool:
            return {i.port for i in self.crowd.acknowledged(first)} == set(self.crowd.ports)

        await until(voted, "for a vote on every web")

    async def until_all_cached(self) -> None:
        """Wait until every project has a vote, and so is cached."""

        async def voted() -> bool:
            return {i.project_id for i in self.crowd.acknowledged()} == set(self.crowd.project_ids)

        await until(voted, "for a vote on every project")

    async def persisted(self) -> dict[int, int]:
        """Return the version of each project's last event in PostgreSQL."""
        rows = await self.db.fetch(
            "SELECT project_id, max(version) AS version FROM vote_events"
            " WHERE project_id = ANY ($1) GROUP BY project_id",
            self.crowd.project_ids,
        )
        return {row["project_id"]: row["version"] for row in rows}

    async def until_more_are_persisted(self) -> None:
        """Wait until votes that are acknowledged from now on are in PostgreSQL."""
        before = await self.persisted()
        await self.crowd.until_more(100)

        async def moved() -> bool:
            return await self.persisted() != before

        await until(moved, "for votes in PostgreSQL")

    async def until_at_rest(self) -> Ledger:
        """Wait until every event is persisted and every tally synced; return the ledger."""
        await until(nothing_waits(self.redis), "for events and tallies")
        return await read_ledger(self.db, self.redis, self.crowd.project_ids)

    async def verdict(self) -> Verdict:
        """Compare all answers that the crowd got with the ledger."""
        verdict = Verdict()
        judge(verdict, self.crowd.history, await self.until_at_rest())
        return verdict

    @contextlib.contextmanager
    def absent(self, program: Program, how: str) -> Iterator[None]:
        """Make a server hang during the block, or kill it, after which it stays away."""
        if how == "killed":
            program.kill9()
            yield
        else:
            program.pause()
            yield
            program.resume()

    async def copy_redis(self) -> None:
        """Keep a copy of Redis as it is now."""
        self.stack.valkey.end()
        copy = self.stack.data_dir / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.stack.data_dir / "valkey", copy)
        await self.stack.bring_up(self.stack.valkey)

    async def restore_redis(self) -> float:
        """Start Redis with that copy; return the time at which the old process had ended."""
        self.stack.valkey.kill9()
        ended = time.time()
        shutil.rmtree(self.stack.data_dir / "valkey")
        shutil.copytree(self.stack.data_dir / "copy", self.stack.data_dir / "valkey")
        await self.stack.bring_up(self.stack.valkey)
        return ended

    async def run_since(self, job: str, moment: float) -> float:
        """Wait for a run of a job that began after the moment and succeeded; return its start time."""

        async def began() -> float:
            names = [f"{job}:{what}" for what in ("started_at", "ended_at", "error")]
            started, ended, error = await self.redis.hmget(keys.METRICS_WORKER, names)
            whole = started and ended and not error and moment < float(started) <= float(ended)
            return float(started) if whole else 0.0

        return await waiting.until(began, f"for {job}")


def assert_all_run(stack: Stack) -> None:
    """Check that no process has ended by itself."""
    ended = [f"{p.name} ended:\n{p.log_end()}" for p in stack.programs if not p.runs]
    assert not ended, "\n".join(ended)


def assert_good(verdict: Verdict, but: Set[str] = frozenset()) -> None:
    """Check that no rule was broken, except those in `but`."""
    wrong = [text for text in verdict.offences if text.split(":")[0] not in but]
    assert not wrong, "\n".join([str(dict(verdict.broken)), *wrong[:3]])
