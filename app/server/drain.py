"""Draining: a web process that is asked to end lets its connections go elsewhere first.

After SIGTERM it goes on answering for DRAIN_SECONDS, and each answer closes its connection, so a
client's next request goes to whoever listens then. Live streams are ended; pages open them anew.
Only a connection that nobody used in all that time is closed without an answer that says so.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from app.web.asgi import App, Send

# Longer than a busy connection rests between two requests, and than pages take to come back.
DRAIN_SECONDS = 2.0

# For this long before the end nobody new is accepted: who was has time to say what it wants.
LAST_SECONDS = 0.5

END_AT_ONCE = signal.SIGUSR1  # as SIGTERM, without the wait

CLOSE = (b"connection", b"close")


class Drain:
    """An ASGI middleware. `close_streams` ends the live streams and refuses new ones; `stop_accepting`
    leaves the listening socket to other processes.
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
            loop.add_signal_handler(END_AT_ONCE, self.begin, 0.0)
        return self._app(scope, receive, _closing(send) if self.draining else send)

    def begin(self, seconds: float = DRAIN_SECONDS) -> None:
        """Drain, then end: SIGINT is what the HTTP server still listens to."""
        if not self.draining:
            self.draining = True
            self._close_streams()
            loop = asyncio.get_running_loop()
            loop.call_later(max(0.0, seconds - LAST_SECONDS), self._stop_accepting)
            loop.call_later(seconds, os.kill, os.getpid(), signal.SIGINT)


def _closing(send: Send) -> Send:
    async def send_and_close(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = message | {"headers": [*message.get("headers", ()), CLOSE]}
        await send(message)

    return send_and_close
