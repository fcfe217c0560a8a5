"""Lists for visitors: rendered once for everybody who asks at the same time.

This works only for requests without any cookie, since then nothing on the page is personal. It is
rendered for a request of this file's own making, so nothing else of a visitor's can be on it. A page
shows what this process has written at once, and what other processes have written after FRESH_SECONDS.
So it shows votes of this process too while very many come in, or each page would be rendered anew.
While tallies are secret nothing is shared: each visitor has an order of the projects of their own.
"""

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from quart import Quart

from app.board.board import Board
from app.single_flight import SharedCache
from app.web.asgi import App, Receive, Scope, Send
from app.web.compression import accepts_gzip

FRESH_SECONDS = 0.5
MAX_PAGES = 200  # of about 8 kB
# Of this process, in FRESH_SECONDS: with more, votes are shown after FRESH_SECONDS.
MANY_VOTES = 10
LONGEST_QUERY = 200
SHUFFLED = b"shuffled"  # this list differs from reader to reader
# A request with one of these headers may get another page.
NOT_SHARED = frozenset({b"cookie", b"authorization", b"hx-request"})


class VisitorPages:
    """An ASGI middleware. `view` returns the state of the board that pages show, None to share none."""

    def __init__(self, app: App, view: Callable[[], Hashable | None] = lambda: ()) -> None:
        self._app, self._view = app, view
        self._pages: SharedCache[list[Any]] = SharedCache(FRESH_SECONDS, MAX_PAGES, _is_for_everyone)
        self._stretch = 0  # the present stretch of FRESH_SECONDS
        self._votes = 0  # in it
        self._has_many_votes = False  # as in the stretch before

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope.get("method")
        if method == "GET" and scope["path"] == "/" and (key := self._key(scope)) is not None:
            for event in await self._pages.get(key, lambda: self._render(key[0])):
                await send(event)
        elif method in ("GET", "HEAD", None):
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, clear_before(send, self.clear))

    def _key(self, scope: Scope) -> tuple["_Page", Hashable] | None:
        """Return the page that is asked for and the board's state, or None if it cannot be shared."""
        page, view = _page(scope), self._view()
        return None if page is None or view is None else (page, view)

    def clear(self) -> None:
        """Clear the cache, because something was written."""
        self._pages.clear()

    def note_vote(self) -> None:
        """Clear the cache because of a vote, unless many have come in."""
        if (stretch := int(time.monotonic() / FRESH_SECONDS)) != self._stretch:
            self._has_many_votes = self._votes > MANY_VOTES and stretch == self._stretch + 1
            self._stretch, self._votes = stretch, 0
        self._votes += 1
        if not self._has_many_votes:
            self.clear()

    async def _render(self, page: "_Page") -> list[Any]:
        events: list[Any] = []
        complete = asyncio.Event()

        async def keep(event: Any) -> None:
            events.append(event)
            if event["type"] == "http.response.body" and not event.get("more_body", False):
                complete.set()

        await self._app(page.request(), _empty_request(complete), keep)
        return events


def shared_view(quart: Quart) -> Hashable | None:
    """Return the state of the board that pages show; None while each reader has pages of their own, and
    on a private board, where Quart sends visitors to sign in.
    """
    board: Board = quart.extensions["upvote"].board
    return None if board.is_secret() or board.is_private() else board.view()


def clear_before(send: Send, clear: Callable[[], None]) -> Send:
    """Clears the cache before the response starts, so a client that has its answer sees its write."""

    async def clear_and_send(event: Any) -> None:
        clear()
        await send(event)

    return clear_and_send


class _Page(NamedTuple):
    """Everything that a list depends on."""

    query: bytes
    scheme: str
    host: bytes
    zipped: bool

    def request(self) -> Scope:
        """Return a request for this page."""
        headers = [(b"host", self.host)]
        if self.zipped:
            headers.append((b"accept-encoding", b"gzip"))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": self.scheme,
            "root_path": "",
            "path": "/",
            "raw_path": b"/",
            "query_string": self.query,
            "headers": headers,
            "client": None,
            "server": None,
        }


def _page(scope: Scope) -> _Page | None:
    """Return the page that is asked for, or None if it is not the same for everybody."""
    headers = dict(scope["headers"])
    query, host = scope["query_string"], headers.get(b"host")
    if (
        host is None
        or SHUFFLED in query
        or not NOT_SHARED.isdisjoint(headers)
        or len(query) > LONGEST_QUERY
    ):
        return None
    return _Page(query, scope["scheme"], host, accepts_gzip(scope["headers"]))


def _is_for_everyone(events: list[Any]) -> bool:
    start: dict[str, Any] = events[0] if events else {"status": 500}
    return start["status"] == 200 and all(name != b"set-cookie" for name, _ in start["headers"])


def _empty_request(complete: asyncio.Event) -> Receive:
    """Returns the events of a request without a body, whose client leaves after the complete answer.

    A server sends http.disconnect then, as ASGI says, and Quart 0.23 waits for it before it returns.
    """
    events = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if not events:
            await complete.wait()
            return {"type": "http.disconnect"}
        return events.pop()

    return receive
