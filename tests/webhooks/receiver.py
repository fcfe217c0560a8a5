"""A real HTTP server that receives webhooks, and misbehaves as a test wants."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def type(self) -> str:
        return self.json["type"]

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def number(self) -> tuple[str, int]:
        """The subject and the number that `numbered` of the fixtures gave it."""
        data = self.json["data"]
        return data["subject"], data["number"]


@dataclass
class Receiver:
    """Answers every request with what `answer` returns for it, or never if that is None."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    accepted: list[Request] = field(default_factory=list)
    connections: int = 0
    sent: int = 0  # bytes of endless answers
    answer: Callable[[Request], str | None] = lambda _: "200 OK"
    body: Callable[[], bytes] | None = None  # pieces of an endless answer
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            request = await _read(reader)
            self.requests.append(request)
            status = self.answer(request)
            if status is None:
                await reader.read()  # until the client gives up
                return
            if status.startswith("2"):
                self.accepted.append(request)
            writer.write(f"HTTP/1.1 {status}\r\nConnection: close\r\n".encode())
            await self._finish(writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _finish(self, writer: asyncio.StreamWriter) -> None:
        if self.body is None:
            writer.write(b"Content-Length: 2\r\n\r\nok")
            return await writer.drain()
        while piece := self.body():
            writer.write(piece)
            self.sent += len(piece)
            await writer.drain()
        return None

    @asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["Receiver"]:
        self.scheme = "https" if tls else "http"
        server = await asyncio.start_server(self.handle, "127.0.0.1", self.port, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Request(first.split()[1], headers, body)
