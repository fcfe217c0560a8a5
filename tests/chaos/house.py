"""A running stack with a crowd before it: what the outage tests work with."""

import contextlib
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator, Set
from dataclasses import dataclass

import asyncpg
from redis.asyncio import Redis

from tests.chaos.check import Verdict, judge
from tests.chaos.clients import Crowd
from tests.chaos.ledger import Ledger, read_ledger
from tests.chaos.program import Program
from tests.chaos.run import nothing_waits
from tests.chaos.stack import Stack, until
from tests.http import Connection, Reply

# What the contract promises, and what a busy machine may take on top of it.
ANSWER_SECONDS, SLACK = 2.0, 0.5
AGAIN_SECONDS = 5.0  # until votes work after a server is back
REST_SECONDS = 30.0


@dataclass
class House:
    stack: Stack
    crowd: Crowd
    db: asyncpg.Pool
    redis: Redis

    @property
    def user_id(self) -> int:
        """The user who looks at the pages."""
        return next(iter(self.crowd.cookies))

    @property
    def project_id(self) -> int:
        """The project that is looked at: the newest of all."""
        return self.crowd.project_ids[-1]

    async def get(self, path: str) -> Reply:
        return await self._in_time(lambda browser: browser.get(path))

    async def vote(self, value: int) -> Reply:
        return await self._in_time(lambda browser: browser.vote(self.project_id, value))

    async def _in_time(self, ask: Callable[[Connection], Awaitable[Reply]]) -> Reply:
        start = time.monotonic()
        async with Connection(self.crowd.ports[0], self.crowd.cookies[self.user_id]) as browser:
            reply = await ask(browser)
        taken = time.monotonic() - start
        assert taken < ANSWER_SECONDS + SLACK, f"an answer took {taken:.1f} s"
        return reply

    async def until_it_takes_votes(self, value: int, seconds: float = AGAIN_SECONDS) -> None:
        async def works() -> bool:
            return (await self.vote(value)).status == 200

        await until(works, seconds)

    async def until_all_vote_again(self) -> None:
        """Every web has acknowledged a vote that was sent from now on."""
        first = len(self.crowd.history)

        async def voted() -> bool:
            return {i.port for i in self.crowd.acknowledged(first)} == set(self.crowd.ports)

        await until(voted, AGAIN_SECONDS)

    async def until_all_hot(self) -> None:
        """Every project has been voted on."""

        async def voted() -> bool:
            return {i.project_id for i in self.crowd.acknowledged()} == set(self.crowd.project_ids)

        await until(voted)

    async def rest(self) -> Ledger:
        """What the servers hold when every event is persisted and every tally synced."""
        await until(nothing_waits(self.redis), REST_SECONDS)
        return await read_ledger(self.db, self.redis, self.crowd.project_ids)

    async def verdict(self) -> Verdict:
        """The judgement on all that the crowd was told."""
        verdict = Verdict()
        judge(verdict, self.crowd.history, await self.rest())
        return verdict

    @contextlib.contextmanager
    def absent(self, program: Program, how: str) -> Iterator[None]:
        """A server that hangs for as long as the block lasts, or that is killed and stays away."""
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

    async def restore_redis(self) -> None:
        """Start Redis with that copy."""
        self.stack.valkey.kill9()
        shutil.rmtree(self.stack.data_dir / "valkey")
        shutil.copytree(self.stack.data_dir / "copy", self.stack.data_dir / "valkey")
        await self.stack.bring_up(self.stack.valkey)


def assert_all_run(stack: Stack) -> None:
    """Nothing has ended by itself."""
    ended = [f"{p.name} ended:\n{p.last_words()}" for p in stack.programs if not p.runs]
    assert not ended, "\n".join(ended)


def assert_good(verdict: Verdict, but: Set[str] = frozenset()) -> None:
    """Nothing is wrong but what these rules say."""
    wrong = [text for text in verdict.offences if text.split(":")[0] not in but]
    assert not wrong, "\n".join([str(dict(verdict.broken)), *wrong[:3]])
