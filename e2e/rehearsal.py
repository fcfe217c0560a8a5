"""The people of an event and what was answered to them, against the board at its end."""

import asyncio
import csv
import io
import json
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from app.accounts.queries import insert_token
from app.accounts.tokens import new_token, token_hash
from app.main import create_app
from app.storage.timeouts import BUTTON_SECONDS
from tests.chaos.history import Intent, Outcome
from tests.chaos.stack import Stack
from tests.http import Connection
from tests.support import Board, session_cookie

USERS, PROJECTS, TRACKS = 200, 25, ("web", "tools", "games")
VOTES_A_SECOND = 50


@dataclass
class Event:
    """An event's people with their sessions, its admin (session and API token), projects and votes."""

    stack: Stack
    admin: str
    token: str
    cookies: dict[int, str]
    project_ids: list[int]
    history: list[Intent] = field(default_factory=list)

    async def vote_until(self, end: datetime, after: float) -> None:
        """Send votes of random people to random webs until `after` s after the end."""
        dice, votes = random.Random(16), []
        while time.time() < end.timestamp() + after:
            votes.append(asyncio.create_task(self._vote(dice)))
            await asyncio.sleep(1 / VOTES_A_SECOND)
        await asyncio.gather(*votes)

    async def _vote(self, dice: random.Random) -> None:
        user_id, project_id = dice.choice(list(self.cookies)), dice.choice(self.project_ids)
        port, value = dice.choice(list(self.stack.webs)), dice.choice((1, 1, 1, 0, -1))
        intent = Intent(len(self.history), port, project_id, user_id, value, time.time())
        self.history.append(intent)
        try:
            async with Connection(port, self.cookies[user_id], BUTTON_SECONDS) as connection:
                intent.note(await connection.vote(project_id, value), time.time())
        except ConnectionRefusedError:
            intent.outcome = Outcome.UNSENT
        except (OSError, EOFError, TimeoutError):
            intent.answered = time.time()

    async def get(self, path: str, cookie: str | None) -> str:
        async with Connection(next(iter(self.stack.webs)), cookie) as connection:
            return (await connection.get(path)).text

    async def is_final(self) -> bool:
        """Return whether the API says that the results are final."""
        return bool(json.loads(await self.api("/api/results")).get("final"))

    async def api(self, path: str) -> str:
        """Return what the API answers an admin."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with Connection(next(iter(self.stack.webs))) as connection:
            return (await connection.request("GET", path, headers)).text

    def lost(self, votes: dict[tuple[int, int], int]) -> list[Intent]:
        """Return the acknowledged votes that do not hold, and that nothing later can have replaced."""
        by_pair = defaultdict(list)
        for intent in self.history:
            by_pair[intent.project_id, intent.user_id].append(intent)
        return [
            intent
            for pair, intents in by_pair.items()
            if (intent := _last_acknowledged(intents)) and intent.value != votes.get(pair, 0)
        ]


def _last_acknowledged(intents: list[Intent]) -> Intent | None:
    """Return the vote that must hold, or None if another may have been counted beside or after it."""
    acknowledged = [i for i in intents if i.outcome is Outcome.ACKNOWLEDGED]
    if not acknowledged:
        return None
    last = max(acknowledged, key=lambda intent: intent.answered)
    rivals = [
        intent
        for intent in intents
        if intent is not last
        and intent.outcome in (Outcome.ACKNOWLEDGED, Outcome.UNKNOWN)
        and (intent.outcome is Outcome.UNKNOWN or intent.answered > last.sent)
    ]
    return None if rivals else last


async def invite(stack: Stack, db: asyncpg.Pool) -> Event:
    """Make the accounts, the tracks and the projects."""
    board, app = Board(db), create_app(stack.settings)
    admin, *users = await board.users(USERS + 1)
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)
    tracks = [
        await db.fetchval("INSERT INTO tracks (slug, name) VALUES ($1, $1) RETURNING id", track)
        for track in TRACKS
    ]
    projects = [await board.project(users[n]) for n in range(PROJECTS)]
    for n, project_id in enumerate(projects):
        await db.execute("UPDATE projects SET track_id = $2 WHERE id = $1", project_id, tracks[n % 3])
    cookies = {user.id: session_cookie(app, user) for user in users}
    token = new_token()
    await insert_token(db, admin.id, token_hash(token), "of the organiser")
    return Event(stack, session_cookie(app, admin), token, cookies, projects)


def read_csv(text: str) -> dict[int, tuple[int, int]]:
    """Return up and down votes by project."""
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return {int(row["project_id"]): (int(row["upvotes"]), int(row["downvotes"])) for row in rows}


async def stored_votes(db: asyncpg.Pool) -> dict[tuple[int, int], int]:
    rows = await db.fetch("SELECT project_id, user_id, value FROM votes WHERE value <> 0")
    return {(row["project_id"], row["user_id"]): row["value"] for row in rows}
