"""A small HTTP/1.1 client for load on 127.0.0.1, with one kept-alive connection."""

import asyncio
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from tests.waiting import CEILING


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Connection:
    """A connection. Its requests raise OSError, EOFError or TimeoutError when the server goes away."""

    def __init__(self, port: int, cookie: str | None = None, seconds: float = CEILING) -> None:
        self._port, self._cookie, self._seconds = port, cookie, seconds
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = 0.0
        self.idle = 0.0  # s for which the open connection was idle before the last request

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def get(self, path: str) -> Reply:
        return await self.request("GET", path, {})

    async def vote(self, project_id: int, value: int) -> Reply:
        """Send the request of the vote button."""
        headers = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
        return await self.post(f"/projects/{project_id}/vote", {"value": value}, headers)

    async def post(
        self, path: str, form: dict[str, object], headers: dict[str, str] | None = None
    ) -> Reply:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.request("POST", path, kind | (headers or {}), urlencode(form).encode())

    async def request(
        self, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> Reply:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._exchange(method, path, headers, body)
        except BaseException:
            self.close()  # so that a late answer is not mistaken for the next one
            raise

    async def _exchange(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        loop = asyncio.get_running_loop()
        if self._streams is None:
            self._used = loop.time()
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if self._cookie:
            lines.append(f"Cookie: upvote_session={self._cookie}")
        lines.append(f"Content-Length: {len(body)}\r\n\r\n")
        self.idle = loop.time() - self._used
        writer.write("\r\n".join(lines).encode() + body)
        reply = await _read_reply(reader)
        self._used = loop.time()
        if reply.headers.get("connection") == "close":
            self.close()
        return reply


async def _read_reply(reader: asyncio.StreamReader) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in head[1:]:
        name, _, value = line.partition(":")
        given = headers.get(name.lower())  # such as a second Set-Cookie
        headers[name.lower()] = f"{given}, {value.strip()}" if given else value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Reply(int(head[0].split()[1]), headers, body)
