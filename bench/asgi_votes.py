"""The fast vote path as a plain ASGI middleware, to compare with app/fast/vote_protocol.py.

The middleware answers the same requests with the same bytes, in front of Quart, on uvicorn with its own
protocol. Only the bench uses it.
"""

import re
from typing import Any

from quart import Quart

from app.fast.session_cookies import SessionCookies
from app.fast.votes import BODIES, FORM
from app.projects.vote_fragments import Fragments
from app.voting.votes import Status, Vote
from app.web.headers import PAGE_HEADERS

PATH = re.compile(r"/projects/([1-9][0-9]{0,18})/vote")


class AsgiVotes:
    """Answers plain votes itself, and passes other requests to `app`, which contains `quart`."""

    def __init__(self, app: Any, quart: Quart) -> None:
        self._app = app
        self._quart = quart
        self._cookies = SessionCookies(quart)
        self._fragments = Fragments(quart)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = PATH.fullmatch(scope["path"]) if scope.get("method") == "POST" else None
        user_id = self._plain_user(dict(scope["headers"])) if path else None
        if path is None or user_id is None:
            await self._app(scope, receive, send)
            return
        first = await receive()
        value = BODIES.get(first.get("body", b""))
        if value is None or first.get("more_body"):
            await self._app(scope, _replay(first, receive), send)
            return
        services = self._quart.extensions["upvote"]
        answer = await services.batcher.cast(Vote(int(path[1]), user_id, value))
        if answer.status is not Status.ACCEPTED:
            await self._app(scope, _replay(first, receive), send)
            return
        fragment = self._fragments.write(int(path[1]), answer.state)
        headers = [*PAGE_HEADERS, (b"content-length", b"%d" % len(fragment))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": fragment})

    def _plain_user(self, headers: dict[bytes, bytes]) -> int | None:
        host = headers.get(b"host", b"")
        if headers.get(b"hx-request") != b"true" or headers.get(b"content-type") != FORM:
            return None
        if headers.get(b"sec-fetch-site", b"none") not in (b"same-origin", b"none"):
            return None
        if headers.get(b"origin", b"http://" + host) not in (b"http://" + host, b"https://" + host):
            return None
        user = self._cookies.user(headers.get(b"cookie", b""))
        return user and user.id


def _replay(first: Any, receive: Any) -> Any:
    waiting = [first]

    async def replay() -> Any:
        return waiting.pop() if waiting else await receive()

    return replay
