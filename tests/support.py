"""Helpers for many tests: users, projects, signed-in clients and the persisted state of a project."""

import itertools
import secrets
from dataclasses import dataclass

import asyncpg
from quart import Quart
from quart.typing import TestClientProtocol
from quart_auth import QuartAuth
from redis.asyncio import Redis

from app.accounts.queries import Account, insert_user
from app.projects.queries import insert_project
from app.voting import keys

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Board:
    """A maker of users and projects with unique names, so that tests do not share any."""

    db: asyncpg.Pool

    async def user(self) -> Account:
        account = await insert_user(self.db, f"u{next(_numbers)}-{secrets.token_hex(4)}", "no hash")
        assert account is not None
        return account

    async def users(self, count: int) -> list[Account]:
        return [await self.user() for _ in range(count)]

    async def project(self, author: Account | None = None) -> int:
        author = author or await self.user()
        return await insert_project(self.db, author.id, f"Project {next(_numbers)}", None, "")

    async def votes(self, project_id: int) -> dict[int, int]:
        """Return the persisted votes on a project: user -> value."""
        rows = await self.db.fetch("SELECT user_id, value FROM votes WHERE project_id = $1", project_id)
        return {row["user_id"]: row["value"] for row in rows}

    async def events(self, project_id: int) -> list[asyncpg.Record]:
        """Return the persisted events of a project in the order of their versions."""
        return await self.db.fetch(
            "SELECT * FROM vote_events WHERE project_id = $1 ORDER BY version", project_id
        )


async def make_cold(redis: Redis, project_id: int) -> None:
    """Remove a project's votes and tally from Redis."""
    await redis.delete(keys.tally(0, project_id), keys.votes(0, project_id))


def client_of(app: Quart, account: Account | None = None) -> TestClientProtocol:
    """Return a new client, signed in as the account if there is one."""
    client = app.test_client()
    if account is not None:
        cookie = session_cookie(app, account)
        client.set_cookie("localhost", "upvote_session", cookie)
    return client


def session_cookie(app: Quart, account: Account) -> str:
    """Return the session cookie that signing in would set."""
    auth: QuartAuth = app.extensions["QUART_AUTH"][0]
    return auth.dump_token(f"{account.id}.{account.username}", app)
