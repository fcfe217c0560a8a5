"""The lists as visitors see them, drawn once for all who ask at the same time.

An ASGI app in front of Quart. Only without any cookie: then nothing on the page is anybody's own. What
this process writes is on the next page; what others wrote is, after FRESH_SECONDS at most.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from app.single_flight import SharedCache

# ASGI's, loosely: Quart's own types differ from one server to the next.
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

FRESH_SECONDS = 0.5
MOST_PAGES = 200  # of some 8 kB
LONGEST_QUERY = 200
# What a list depends on, beside its query.
DEPENDS_ON = (b"host", b"accept-encoding", b"hx-request")
PRIVATE = (b"cookie", b"authorization")


class VisitorPages:
    """Wraps the app; gives visitors the same answers, in less time."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._pages: SharedCache[list[Any]] = SharedCache(FRESH_SECONDS, MOST_PAGES, _is_for_everyone)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope.get("method")
        if method == "GET" and scope["path"] == "/" and (key := _key(scope)) is not None:
            for event in await self._pages.get(key, lambda: self._draw(scope)):
                await send(event)
        elif method in ("GET", "HEAD", None):
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, before_answering(self.forget, send))

    def forget(self) -> None:
        """Something was written: whoever has been told of it finds it on the page."""
        self._pages.forget()

    async def _draw(self, scope: Scope) -> list[Any]:
        events: list[Any] = []
        complete = asyncio.Event()

        async def keep(event: Any) -> None:
            events.append(event)
            if event["type"] == "http.response.body" and not event.get("more_body", False):
                complete.set()

        await self._app(scope, _nothing_more(complete), keep)
        return events


def before_answering(forget: Callable[[], None], send: Send) -> Send:
    """Whoever is told of a write finds it on the next page, since that is forgotten first."""

    async def forget_and_send(event: Any) -> None:
        forget()
        await send(event)

    return forget_and_send


def _key(scope: Scope) -> tuple[Any, ...] | None:
    """What the page depends on; None when it is somebody's own."""
    headers = dict(scope["headers"])
    if any(name in headers for name in PRIVATE) or len(scope["query_string"]) > LONGEST_QUERY:
        return None
    depends_on = (headers.get(name) for name in DEPENDS_ON)
    return (scope["query_string"], scope.get("scheme"), *depends_on)


def _is_for_everyone(events: list[Any]) -> bool:
    start: dict[str, Any] = events[0] if events else {"status": 500}
    return start["status"] == 200 and all(name != b"set-cookie" for name, _ in start["headers"])


def _nothing_more(complete: asyncio.Event) -> Receive:
    """A request without a body, of somebody who waits for the complete answer and then leaves.

    ASGI has a server say http.disconnect then, and Quart 0.23 does not return before it is said.
    """
    events = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if not events:
            await complete.wait()
            return {"type": "http.disconnect"}
        return events.pop()

    return receive
