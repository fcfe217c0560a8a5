"""Draining: a web process that is asked to stop first moves its clients to other processes.

After SIGTERM the process answers requests for another DRAIN_SECONDS, and each answer closes its
connection, so the client sends its next request to another process. Live streams end at once, and the
pages open them again. Only a connection that stays idle for all that time is closed without an answer.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from app.web.asgi import App, Send

# Longer than the pause between two requests on a busy connection, and longer than a page takes to
# reopen its live stream.
DRAIN_SECONDS = 2.0

# The process accepts no connection in the last 0.5 s, so every accepted client has time to send a
# request.
NO_ACCEPT_SECONDS = 0.5

STOP_NOW_SIGNAL = signal.SIGUSR1  # like SIGTERM, but without draining

CLOSE = (b"connection", b"close")


class Drain:
    """An ASGI middleware that drains this process when a signal asks for it.

    `close_streams` ends the live streams and refuses new ones. `stop_accepting` leaves the listening
    socket to other processes.
    """

    def __init__(
        self, app: App, close_streams: Callable[[], None], stop_accepting: Callable[[], None]
    ) -> None:
        self._app = app
        self._close_streams = close_streams
        self._stop_accepting = stop_accepting
        self.draining = False

    def __call__(self, scope: Any, receive: Any, send: Send) -> Awaitable[None]:
        if scope["type"] == "lifespan":
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, self.begin)
            loop.add_signal_handler(STOP_NOW_SIGNAL, self.begin, 0.0)
        return self._app(scope, receive, _closing(send) if self.draining else send)

    def begin(self, seconds: float = DRAIN_SECONDS) -> None:
        """Drain for `seconds`, then stop the HTTP server with SIGINT. Later calls change nothing."""
        if not self.draining:
            self.draining = True
            self._close_streams()
            loop = asyncio.get_running_loop()
            loop.call_later(max(0.0, seconds - NO_ACCEPT_SECONDS), self._stop_accepting)
            loop.call_later(seconds, os.kill, os.getpid(), signal.SIGINT)


def _closing(send: Send) -> Send:
    async def send_and_close(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = message | {"headers": [*message.get("headers", ()), CLOSE]}
        await send(message)

    return send_and_close
