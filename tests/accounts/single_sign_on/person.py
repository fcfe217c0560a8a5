"""Somebody with a browser, an account at the provider, and perhaps one on the board."""

import asyncio
import secrets
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from quart import Quart

from tests.support import client_of

# One client for all: each would read all certificates, which takes a while.
http = httpx.Client()
START = "/sign-in/start?next=/search"


class Person:
    """Signs in as people do: from the board to the provider, and back."""

    def __init__(self, app: Quart, issuer: str, subject: str, **claims: object) -> None:
        self.app, self.issuer, self.subject = app, issuer, subject
        self.name = f"{subject}-{secrets.token_hex(3)}"
        self.client = client_of(app)
        http.put(f"{issuer}/users/{subject}", json={"preferred_username": self.name, **claims})

    async def leave(self, path: str = START) -> str:
        """Open the board's link; return the provider's address that it leads to."""
        answer = await self.client.get(path)
        assert answer.status_code == 303, await answer.get_data(as_text=True)
        return answer.headers["Location"]

    async def at_provider(self, address: str) -> str:
        """Sign in at the provider; return the path of the board that it leads back to."""
        form = {"sub": self.subject}
        answer = await asyncio.to_thread(http.post, address, data=form)
        assert answer.status_code == 302, answer.text
        parts = urlsplit(answer.headers["Location"])
        return f"{parts.path}?{parts.query}"

    async def come_back(self, path: str = START, change=lambda address: address):
        """Go to the provider, at an address that `change` may tamper with, and back; the answer."""
        return await self.client.get(await self.at_provider(change(await self.leave(path))))

    async def sign_in(self, path: str = START):
        """Come back and, at the first sign-in, choose the suggested name; the last answer."""
        answer = await self.come_back(path)
        if answer.headers.get("Location") != "/sign-in/name":
            return answer
        return await self.choose(self.name)

    async def choose(self, username: str, **more: str):
        return await self.client.post("/sign-in/name", form={"username": username, **more})

    async def page(self, path: str) -> str:
        return await (await self.client.get(path)).get_data(as_text=True)

    async def signed_in_as(self) -> str | None:
        """Return the username that pages show, or None for a visitor."""
        page = await self.page("/search")
        if 'class="account-name"' not in page:
            return None
        return page.split('class="account-name" href="/users/')[1].split('"')[0]


def with_field(name: str, value: str) -> Callable[[str], str]:
    """Return a change of an address: this field of its query has another value."""

    def change(address: str) -> str:
        parts = urlsplit(address)
        fields = dict(parse_qsl(parts.query)) | {name: value}
        return parts._replace(query=urlencode(fields)).geturl()

    return change


async def delete_suspended(db, person: Person, account) -> None:
    """Leave a person the identity of an account that was suspended and then deleted."""
    await db.execute(
        "UPDATE users SET suspended_at = now(), deleted_at = now(), username = 'deleted-' || id"
        " WHERE id = $1",
        account.id,
    )
    await db.execute(
        "INSERT INTO user_identities (issuer, subject, user_id) VALUES ($1, $2, $3)",
        person.issuer,
        person.subject,
        account.id,
    )
