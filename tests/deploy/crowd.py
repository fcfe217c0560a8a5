"""Voters at a steady rate, and the result of each of their votes.

A slow machine lowers the rate but fails no vote: if a voter's connection was idle for so long that the
draining server may have closed it, the voter sends the vote once more.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
from redis.asyncio import Redis

from app.server.drain import NO_ACCEPT_SECONDS
from app.voting.persist import persist_events
from tests.http import Connection, Reply
from tests.support import Board, session_cookie
from tests.waiting import until

VOTERS = 100
RATE = 500.0  # votes per second, if the machine can do that many
SOME_VOTES = int(RATE)
# s; a draining process closes connections that were idle for longer than this.
MAX_IDLE = NO_ACCEPT_SECONDS / 2


@dataclass
class Crowd:
    """Many voters. Every second one keeps its connection; the others open a new one for each vote."""

    port: int
    project_ids: list[int]
    cookies: dict[int, str]  # user -> session
    rate: float  # votes per second of all voters together
    wanted: dict[tuple[int, int], int] = field(default_factory=dict)  # acknowledged end states
    acknowledged: int = 0
    failures: list[str] = field(default_factory=list)
    stopped: bool = False

    @property
    def all_projects_voted(self) -> bool:
        """Whether every project has a vote."""
        return {project_id for project_id, _ in self.wanted} == set(self.project_ids)

    @contextlib.asynccontextmanager
    async def voting(self) -> AsyncIterator[None]:
        """Vote for as long as the block lasts."""
        self.stopped = False
        voters = [asyncio.create_task(self._vote(*who)) for who in enumerate(self.cookies.items())]
        try:
            yield
        finally:
            self.stopped = True
            await asyncio.gather(*voters)

    async def _vote(self, number: int, who: tuple[int, str]) -> None:
        loop, dice = asyncio.get_running_loop(), random.Random(number)
        async with Connection(self.port, who[1]) as connection:
            due = loop.time() + dice.uniform(0, len(self.cookies) / self.rate)
            while not self.stopped:
                await asyncio.sleep(due - loop.time())
                await self._send(connection, who[0], dice)
                if number % 2:
                    connection.close()
                due += len(self.cookies) / self.rate

    async def _send(self, connection: Connection, user_id: int, dice: random.Random) -> None:
        project_id, value = dice.choice(self.project_ids), dice.choice((1, 0, -1))
        try:
            reply = await self._send_again_when_late(connection, project_id, value)
        except (OSError, EOFError, TimeoutError) as error:
            self.failures.append(repr(error))
            return
        if reply.status == 200:
            self.acknowledged += 1
            self.wanted[project_id, user_id] = value
        else:
            self.failures.append(f"{reply.status} {reply.body[:200]!r}")

    async def _send_again_when_late(self, connection: Connection, project_id: int, value: int) -> Reply:
        try:
            return await connection.vote(project_id, value)
        except (OSError, EOFError):
            if connection.idle < MAX_IDLE:
                raise
            return await connection.vote(project_id, value)

    async def until_more(self, votes: int) -> None:
        """Wait until that many more votes were acknowledged, or one has failed."""
        enough = self.acknowledged + votes
        await until(lambda: self.failures or self.acknowledged >= enough, "for votes")


async def make_crowd(board: Board, app, port: int, rate: float) -> Crowd:
    users = await board.users(VOTERS)
    projects = [await board.project(users[0]) for _ in range(10)]
    return Crowd(port, projects, {user.id: session_cookie(app, user) for user in users}, rate)


async def persisted(crowd: Crowd, db: asyncpg.Pool) -> dict[tuple[int, int], int]:
    """Return the values of the acknowledged votes in PostgreSQL, 0 for a vote without a row."""
    rows = await db.fetch(
        "SELECT project_id, user_id, value FROM votes WHERE project_id = ANY ($1)", crowd.project_ids
    )
    found = {(row["project_id"], row["user_id"]): row["value"] for row in rows}
    return {key: found.get(key, 0) for key in crowd.wanted}


async def assert_nothing_failed_or_was_lost(crowd: Crowd, db: asyncpg.Pool, redis: Redis) -> None:
    """Persist all events, then compare PostgreSQL with the acknowledged votes."""
    assert crowd.failures == []
    while await persist_events(redis, db, 0):
        pass
    assert await persisted(crowd, db) == crowd.wanted
    print(f"{crowd.acknowledged} votes acknowledged, 0 failed, 0 lost")
