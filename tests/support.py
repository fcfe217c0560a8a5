"""What many tests need: users, projects, signed-in clients, the state of a project everywhere."""

import itertools
import secrets
from dataclasses import dataclass

import asyncpg
from quart import Quart
from quart.typing import TestClientProtocol
from quart_auth import QuartAuth

from app.accounts.queries import Account, insert_user
from app.projects.queries import insert_project

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Board:
    """Makes what a test uses; names are fresh, so tests never meet each other's."""

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
        """The persisted votes on a project: user -> value."""
        rows = await self.db.fetch("SELECT user_id, value FROM votes WHERE project_id = $1", project_id)
        return {row["user_id"]: row["value"] for row in rows}

    async def events(self, project_id: int) -> list[asyncpg.Record]:
        """The persisted events of a project, by version."""
        return await self.db.fetch(
            "SELECT * FROM vote_events WHERE project_id = $1 ORDER BY version", project_id
        )


def client_of(app: Quart, account: Account | None = None) -> TestClientProtocol:
    """A browser of its own, signed in as the account."""
    client = app.test_client()
    if account is not None:
        cookie = session_cookie(app, account)
        client.set_cookie("localhost", "upvote_session", cookie)
    return client


def session_cookie(app: Quart, account: Account) -> str:
    """The session cookie that signing in would set."""
    auth: QuartAuth = app.extensions["QUART_AUTH"][0]
    return auth.dump_token(f"{account.id}.{account.username}", app)
