"""A board with two processes, and the accounts and devices that attack it."""

import re
from dataclasses import dataclass

from app.accounts.queries import Account
from tests.http import Connection, Reply

PASSWORD = "correct horse"
HTMX = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}


@dataclass
class Device:
    """A browser or a script that knows one process of the board, and a cookie or a token."""

    port: int
    cookie: str | None = None
    token: str | None = None

    async def get(self, path: str) -> Reply:
        async with Connection(self.port, self.cookie) as connection:
            return await connection.get(path)

    async def post(self, path: str, form: dict, headers: dict[str, str] | None = None) -> Reply:
        async with Connection(self.port, self.cookie) as connection:
            return await connection.post(path, form, headers)

    async def vote(self, project_id: int, value: int, way: str = "fast") -> int:
        if way == "api":
            body = b'{"project_id": %d, "vote_type": "%s"}' % (
                project_id,
                [b"none", b"up", b"down"][value],
            )
            headers = {"Authorization": f"Bearer {self.token}"}
            async with Connection(self.port) as connection:
                return (await connection.request("POST", "/api/votes", headers, body)).status
        headers = HTMX if way == "fast" else {"Referer": "http://127.0.0.1/"}
        return (await self.post(f"/projects/{project_id}/vote", {"value": value}, headers)).status

    async def is_in(self) -> bool:
        return (await self.get("/me/settings")).status == 200


@dataclass
class City:
    """The processes of the board, its accounts and their devices."""

    ports: list[int]
    attackers: list[Account]
    victim: Account

    async def sign_in(
        self, account: Account, port: int, headers: dict[str, str] | None = None
    ) -> Device:
        form = {"username": account.username, "password": PASSWORD}
        reply = await Device(port).post("/login", form, headers)
        assert reply.status == 303, reply.status
        return Device(port, re.search(r"upvote_session=([^;]+)", reply.headers["set-cookie"])[1])
