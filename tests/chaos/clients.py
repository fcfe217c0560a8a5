"""Clients that vote at random and record every intent before they send it."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from app.main import create_app
from app.storage.timeouts import BUTTON_SECONDS
from tests.chaos.history import Intent, Outcome
from tests.chaos.stack import Stack
from tests.http import Connection
from tests.support import Board, session_cookie
from tests.waiting import until

AFTER_FAILURE = 0.1  # s, before the next attempt, which may go to another process
CLIENTS, USERS, PROJECTS = 16, 64, 30


@dataclass
class Crowd:
    """All clients of a run. Each one has its own users and sends one request at a time."""

    ports: Sequence[int]
    project_ids: Sequence[int]
    cookies: dict[int, str]  # user -> session
    seed: int = 0
    pause: float = 0.03  # s, the longest between two requests of a client
    history: list[Intent] = field(default_factory=list)
    stopped: bool = False
    times: int = 0  # how often the crowd has started to vote

    @asynccontextmanager
    async def voting(self) -> AsyncIterator[None]:
        """Let all clients vote during the block; each one finishes its last vote."""
        self.stopped, self.times = False, self.times + 1
        users = list(self.cookies)
        clients = [asyncio.create_task(self._client(n, users[n::CLIENTS])) for n in range(CLIENTS)]
        try:
            yield
        finally:
            self.stopped = True
            await asyncio.gather(*clients)

    def acknowledged(self, since: int = 0) -> list[Intent]:
        """Return the acknowledged intents, from the intent with that number."""
        return [i for i in self.history[since:] if i.outcome is Outcome.ACKNOWLEDGED]

    async def until_more(self, votes: int) -> None:
        """Wait until so many more votes were acknowledged."""
        first = len(self.history)
        await until(lambda: len(self.acknowledged(first)) >= votes, "for votes")

    async def _client(self, number: int, users: list[int]) -> None:
        # A new seed each time the crowd votes: a repeated history would hide lost votes.
        dice = random.Random(f"{self.seed} {number} {self.times}")
        while not self.stopped:
            user_id = dice.choice(users)
            port, cookie = dice.choice(self.ports), self.cookies[user_id]
            async with Connection(port, cookie, BUTTON_SECONDS) as connection:
                await self._vote_in_a_row(connection, (number, port), user_id, dice)

    async def _vote_in_a_row(
        self, connection: Connection, way: tuple[int, int], user_id: int, dice: random.Random
    ) -> None:
        """Send some votes of one user over one connection; stop at a failure."""
        for _ in range(dice.randint(1, 20)):
            if self.stopped:
                return
            project_id, value = dice.choice(self.project_ids), dice.choice((1, 0, -1))
            intent = Intent(*way, project_id, user_id, value, time.time())
            self.history.append(intent)
            await self._send(connection, intent)
            await asyncio.sleep(dice.uniform(0, self.pause))
            if intent.outcome is not Outcome.ACKNOWLEDGED:
                await asyncio.sleep(AFTER_FAILURE)
                return

    async def _send(self, connection: Connection, intent: Intent) -> None:
        try:
            intent.note(await connection.vote(intent.project_id, intent.value), time.time())
        except ConnectionRefusedError:
            intent.outcome = Outcome.UNSENT
        except (OSError, EOFError, TimeoutError):
            intent.answered = time.time()


async def invite(stack: Stack, db: asyncpg.Pool, seed: int = 0, pause: float = 0.03) -> Crowd:
    """Return a crowd of signed-in users, and new projects to vote on."""
    board, app = Board(db), create_app(stack.settings)
    users = await board.users(USERS)
    projects = [await board.project(users[0]) for _ in range(PROJECTS)]
    cookies = {user.id: session_cookie(app, user) for user in users}
    return Crowd(list(stack.webs), projects, cookies, seed, pause)
