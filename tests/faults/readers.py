"""People and programs that read pages, sign in and vote by the API, and note how long answers take."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from app.accounts.passwords import hash_password
from app.accounts.queries import insert_token
from app.accounts.tokens import new_token, token_hash
from tests.chaos.clients import Crowd
from tests.http import Connection, Reply
from tests.support import Board
from tests.waiting import until

READERS = 40
PAUSE = 0.3  # s, between two requests of a reader
PASSWORD = "a password of the tests only"


@dataclass(frozen=True)
class Read:
    """One request and its answer; status 0 is a connection that ended without one."""

    kind: str
    sent: float
    answered: float
    status: int


@dataclass
class Readers:
    """READERS clients; each one repeats one kind of request on one of the webs."""

    crowd: Crowd
    username: str
    token: str
    project_id: int  # for the votes by token, of which nobody keeps a record
    reads: list[Read] = field(default_factory=list)
    stopped: bool = False

    @property
    def kinds(self) -> dict[str, Callable[[Connection, int], Awaitable[Reply]]]:
        ids = self.crowd.project_ids
        form = {"username": self.username, "password": PASSWORD}
        head = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

        def get(path: str) -> Callable[[Connection, int], Awaitable[Reply]]:
            return lambda connection, _: connection.get(path)

        def api_vote(connection: Connection, turn: int) -> Awaitable[Reply]:
            vote = {"project_id": self.project_id, "vote_type": ("up", "down")[turn % 2]}
            return connection.request("POST", "/api/votes", head, json.dumps(vote).encode())

        return {
            "front page": get("/"),
            "member's list": get("/?sort=new"),
            "project page": lambda connection, turn: connection.get(
                f"/projects/{ids[turn % len(ids)]}"
            ),
            "my votes": get("/me/votes"),
            "search": get("/search?q=project"),
            "api list": get("/api/projects"),
            "api vote": api_vote,
            "sign-in": lambda connection, _: connection.post("/login", form),
            "readyz": get("/readyz"),
            "metrics": get("/metrics"),
        }

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Let everybody read during the block."""
        self.stopped = False
        kinds = list(self.kinds)
        tasks = [
            asyncio.create_task(self._read(kinds[number % len(kinds)], number))
            for number in range(READERS)
        ]
        try:
            yield
        finally:
            self.stopped = True
            await asyncio.gather(*tasks)

    async def until_all_answered(self) -> None:
        """Wait until every kind of request was answered as it should be, on every web."""
        first = len(self.reads)

        def answered() -> bool:
            good = {read.kind for read in self.reads[first:] if 0 < read.status < 400}
            return good == set(self.kinds)

        await until(answered, "for good answers of every kind")

    async def _read(self, kind: str, number: int) -> None:
        port = self.crowd.ports[number // len(self.kinds) % len(self.crowd.ports)]
        users = list(self.crowd.cookies)
        cookie = self.crowd.cookies[users[number % len(users)]]
        signed_in = kind in ("member's list", "project page", "my votes")
        async with Connection(port, cookie if signed_in else None) as connection:
            turn = number
            while not self.stopped:
                turn += 1
                sent, status = time.monotonic(), 0
                with contextlib.suppress(OSError, EOFError):
                    status = (await self.kinds[kind](connection, turn)).status
                self.reads.append(Read(kind, sent, time.monotonic(), status))
                await asyncio.sleep(PAUSE)


async def invite_readers(db: asyncpg.Pool, crowd: Crowd) -> Readers:
    """Return readers of the crowd's projects. Those who sign in and vote by token are one account."""
    board = Board(db)
    user = await board.user()
    await db.execute(
        "UPDATE users SET password_hash = $1 WHERE id = $2", await hash_password(PASSWORD), user.id
    )
    token = new_token()
    await insert_token(db, user.id, token_hash(token), "of a reader")
    return Readers(crowd, user.username, token, await board.project(user))


def slowest(reads: Sequence[Read]) -> dict[str, float]:
    """Return the longest time to an answer, by kind."""
    found: dict[str, float] = {}
    for read in reads:
        found[read.kind] = max(found.get(read.kind, 0.0), read.answered - read.sent)
    return found
