"""Somebody who registers, signs in and sends forms, also after the session has ended."""

import secrets

import pytest

from app.accounts.revocation import end_sessions
from tests.support import client_of

PASSWORD = "correct horse"


class Person:
    """Somebody in a browser of their own."""

    def __init__(self, app, db) -> None:
        self.app, self.db = app, db
        self.client, self.name = client_of(app), f"d-{secrets.token_hex(4)}"

    async def register(self) -> "Person":
        await self.client.post("/register", form={"username": self.name, "password": PASSWORD})
        self.id = await self.db.fetchval("SELECT id FROM users WHERE username = $1", self.name)
        return self

    async def sign_in(self, name: str = "", to: str = "/projects/new") -> str:
        """Sign in and return the page that this leads to."""
        form = {"username": name or self.name, "password": PASSWORD, "next": to}
        answer = await self.client.post("/login", form=form)
        return await self.page(answer.headers["Location"])

    async def page(self, path: str) -> str:
        return await (await self.client.get(path)).get_data(as_text=True)

    async def session_ends(self) -> None:
        """End all sessions, as somebody else or another device may do."""
        ended = await end_sessions(self.db, self.id)
        self.app.extensions["upvote_accounts"].revocations.learn(self.id, ended)

    async def send(self, path: str, **form: str) -> str:
        """Send a form without a session; return the page to sign in."""
        answer = await self.client.post(path, form={"account": self.name, **form})
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/login?next=")
        return await self.page(answer.headers["Location"])


@pytest.fixture
async def one(free_app, db) -> Person:
    return await Person(free_app, db).register()
