"""Requests to the whole app without a socket: the fast paths, the middleware and Quart."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from quart import Quart

from app.accounts.queries import Account
from tests.fast_client import FastVotesApp
from tests.support import session_cookie
from tests.waiting import CEILING

HOST = "localhost"
FORM = {"content-type": "application/x-www-form-urlencoded"}
HTMX = {"hx-request": "true", "sec-fetch-site": "same-origin"}
App = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    body: str
    cookies: list[str] = field(default_factory=list)  # the Set-Cookie headers


def with_middleware(app: Quart, trusted: str | None = None, allowed: str | None = None) -> App:
    """Return the app with its fast paths and its middleware."""
    return FastVotesApp(app, trusted_proxies=trusted, allowed_hosts=allowed)


async def ask(
    app: App, method: str, path: str, headers: dict[str, Any] | None = None,
    body: bytes = b"", client: str = "127.0.0.1",
) -> Response:  # fmt: skip
    """Send a request and return the response, or the first piece of a stream.

    Headers with the value None are left out; a list is sent as one field for each of its values.
    """
    path, _, query = path.partition("?")
    given = {"host": HOST, "content-length": str(len(body)), **(headers or {})}
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "asgi": {"version": "3.0"}, "client": (client, 1), "server": (HOST, 80),
        "headers": list(_fields(given)),
    }  # fmt: skip
    events, sent = [{"type": "http.request", "body": body, "more_body": False}], []
    enough, complete = asyncio.Event(), asyncio.Event()

    async def receive() -> Any:
        if events:
            return events.pop()
        await complete.wait()  # like a server, which reports a disconnect after the response
        return {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        sent.append(event)
        if event["type"] == "http.response.body" and not event.get("more_body", False):
            complete.set()
        if len(sent) > 1 and b"text/event-stream" in str(sent[0]["headers"]).encode():
            enough.set()

    answering = asyncio.ensure_future(app(scope, receive, send))
    stopping = asyncio.ensure_future(enough.wait())
    async with asyncio.timeout(CEILING):
        await asyncio.wait([answering, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not answering.done():
        answering.cancel()
    else:
        answering.result()
    start, *rest = sent
    fields = [(name.decode().lower(), value.decode()) for name, value in start["headers"]]
    raw = b"".join(event.get("body", b"") for event in rest)
    if ("content-encoding", "gzip") in fields:
        raw = gzip.decompress(raw)
    cookies = [value for name, value in fields if name == "set-cookie"]
    return Response(start["status"], dict(fields), raw.decode("utf-8", "replace"), cookies)


def _fields(headers: dict[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    for name, value in headers.items():
        for each in value if isinstance(value, list) else [value]:
            if each is not None:
                yield name.encode(), each.encode()


class Browser:
    """A browser, which sends the cookies that it received."""

    def __init__(self, app: App, quart: Quart, account: Account | None = None, **fixed: str) -> None:
        self._app, self._fixed = app, fixed
        self.cookies = {"upvote_session": session_cookie(quart, account)} if account else {}

    async def get(self, path: str, **headers: str | None) -> Response:
        return await self._ask("GET", path, headers, b"")

    async def post(
        self, path: str, form: dict[str, Any] | None = None, **headers: str | None
    ) -> Response:
        return await self._ask("POST", path, FORM | headers, urlencode(form or {}).encode())

    async def vote(self, project_id: int, value: int, **headers: str | None) -> Response:
        """Send the request of the vote button."""
        return await self.post(f"/projects/{project_id}/vote", {"value": value}, **HTMX | headers)

    async def _ask(
        self, method: str, path: str, headers: dict[str, str | None], body: bytes
    ) -> Response:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        got = await ask(
            self._app, method, path, {"cookie": cookie or None, **headers}, body, **self._fixed
        )
        for cookie in got.cookies:
            pair, _, attributes = cookie.partition(";")
            name, _, word = pair.partition("=")
            self.cookies[name] = word
            if "Max-Age=0" in attributes:
                del self.cookies[name]
        return got
