"""The fast door: an ASGI app in front of Quart that takes the plain case of a vote by itself.

Plain is what the button sends: HTMX, from this site, signed in, a value of 1, 0 or -1, and accepted.
Everything else goes on to Quart's route with nothing lost, and gets its answer there. So does a vote
that was refused here, since casting it again is harmless; one that failed takes its failure along.
"""

import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog
from quart import Quart

from app.accounts.cookies import SessionCookies
from app.services import Services
from app.voting.fragment import Fragments
from app.voting.routes import FAILURE
from app.voting.votes import Status, Vote
from app.web.converters import LARGEST_ID
from app.web.headers import SECURITY_HEADERS
from app.web.patience import Patience
from app.web.request_log import request_id

log = structlog.get_logger()

# ASGI's, loosely: Quart's own types differ from one server to the next.
Scope = MutableMapping[str, Any]
Event = Any
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

PATH = re.compile(r"/projects/([1-9][0-9]{0,18})/vote")
BODIES = {b"value=1": 1, b"value=0": 0, b"value=-1": -1}
FORM = b"application/x-www-form-urlencoded"
PAGE = "text/html; charset=utf-8"
BODY_SECONDS = 5.0  # for the first piece of a body; then Quart waits, and has a limit of its own


class FastDoor:
    """Wraps the Quart app; both doors give the same answers."""

    def __init__(self, app: Quart, render: Callable[[Any], str]) -> None:
        self._app = app
        self._cookies = SessionCookies(app)
        self._fragments = Fragments(render)
        self._headers = plain_headers()
        self._patience = Patience(BODY_SECONDS)
        self._tells = bool(log.is_enabled_for(logging.DEBUG))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = PATH.fullmatch(scope["path"]) if scope.get("method") == "POST" else None
        headers = dict(scope["headers"]) if path else {}
        user_id = self._plain_user(headers) if path else None
        if path is None or user_id is None:
            await self._app(scope, receive, send)  # type: ignore[arg-type]
            return
        if self._tells:
            given = headers.get(b"x-request-id", b"").decode("latin-1")
            structlog.contextvars.bind_contextvars(request=request_id(given))
        first = await self._patience.wait(receive)
        value = _whole_value(first, headers) if first else None
        try:
            fragment = value is not None and await self._cast(Vote(int(path[1]), user_id, value))
        except Exception as error:  # whatever it is, Quart knows how to answer it
            scope[FAILURE], fragment = error, None
        if not fragment:
            await self._app(scope, _replay(first, receive), send)  # type: ignore[arg-type]
        else:
            await self._answer(fragment, send)

    def _plain_user(self, headers: dict[bytes, bytes]) -> int | None:
        """The signed-in user of a request that only Quart's slowness would be added to."""
        if headers.get(b"hx-request") != b"true" or headers.get(b"content-type") != FORM:
            return None
        if headers.get(b"sec-fetch-site", b"none") not in (b"same-origin", b"none"):
            return None
        origin = headers.get(b"origin")
        if origin is not None:
            scheme, _, name = origin.partition(b"://")
            if name != headers.get(b"host") or scheme not in (b"http", b"https"):
                return None
        return self._cookies.user_id(headers.get(b"cookie", b""))

    async def _cast(self, vote: Vote) -> bytes | None:
        if vote.project_id > LARGEST_ID:
            return None
        services: Services = self._app.extensions["upvote"]
        answer = await services.desk.cast(vote)
        if answer.status is not Status.ACCEPTED:
            return None
        return self._fragments.write(vote.project_id, answer)

    async def _answer(self, fragment: bytes, send: Send) -> None:
        length = (b"content-length", str(len(fragment)).encode())
        headers = [*self._headers, length]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": fragment})


def _whole_value(first: Event, headers: dict[bytes, bytes]) -> int | None:
    """The value of a body that came in one piece; servers announce more even when there is none."""
    body = first.get("body", b"")
    return BODIES.get(body) if headers.get(b"content-length") == b"%d" % len(body) else None


def plain_headers() -> list[tuple[bytes, bytes]]:
    """The headers that Quart's answer to an accepted vote carries, but for its length."""
    named = {
        "Content-Type": PAGE,
        **SECURITY_HEADERS,
        "Cache-Control": "no-store",
        "Vary": "Accept-Encoding",
    }
    return [(name.lower().encode(), value.encode()) for name, value in named.items()]


def _replay(first: Event | None, receive: Receive) -> Receive:
    """The request's events again for the one behind us; if there was a first one, we have read it."""
    waiting = [first] if first else []

    async def replay() -> Event:
        return waiting.pop() if waiting else await receive()

    return replay
