"""The lists as visitors see them, drawn once for all who ask at the same time.

An ASGI app in front of Quart. Only without any cookie: then nothing on the page is anybody's own. What
this process writes is on the next page; what others wrote is, after FRESH_SECONDS at most.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

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


@dataclass
class Page:
    """The events of an answer, once they are there, and until when (monotonic, s) they are given."""

    drawn: asyncio.Future[list[Any]]
    until: float = float("inf")


class FrontPages:
    """Wraps the app; gives visitors the same answers, in less time."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._pages: dict[tuple[Any, ...], Page] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope.get("method")
        if method == "GET" and scope["path"] == "/" and (key := _key(scope)) is not None:
            for event in await self._drawn(key, scope):
                await send(event)
        elif method in ("GET", "HEAD", None):
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, self._after_writing(send))

    def forget(self) -> None:
        """Something was written: whoever has been told of it finds it on the page."""
        self._pages.clear()

    def _after_writing(self, send: Send) -> Send:
        async def send_and_forget(event: Any) -> None:
            self.forget()
            await send(event)

        return send_and_forget

    async def _drawn(self, key: tuple[Any, ...], scope: Scope) -> list[Any]:
        page = self._pages.get(key)
        if page is None or page.until < time.monotonic():
            if len(self._pages) >= MOST_PAGES:
                self._pages.clear()
            page = self._pages[key] = Page(asyncio.ensure_future(self._draw(scope)))
            page.drawn.add_done_callback(lambda _: self._keep(key, page))
        return await asyncio.shield(page.drawn)

    async def _draw(self, scope: Scope) -> list[Any]:
        events: list[Any] = []

        async def keep(event: Any) -> None:
            events.append(event)

        await self._app(scope, _nothing_more(), keep)
        return events

    def _keep(self, key: tuple[Any, ...], page: Page) -> None:
        """Give a good page for a while; what went wrong is tried again by the next who asks."""
        failed = page.drawn.cancelled() or page.drawn.exception() is not None
        if not failed and _is_for_everyone(page.drawn.result()):
            page.until = time.monotonic() + FRESH_SECONDS
        elif self._pages.get(key) is page:
            del self._pages[key]


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


def _nothing_more() -> Receive:
    """A request without a body, of somebody who waits for the answer."""
    events = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if not events:
            await asyncio.Event().wait()
        return events.pop()

    return receive
