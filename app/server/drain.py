"""Draining: a web process that is asked to stop first moves its clients to other processes.

After SIGTERM the process answers requests for another DRAIN_SECONDS, and each answer closes its
connection, so the client sends its next request to another process. Live streams end at once, and the
pages open them again. Only a connection that stays idle for all that time is closed without an answer.
"""

import asyncio
import os
import select
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from app.web.asgi import App, Send

# Longer than the pause between two requests on a busy connection, and longer than a page takes to
# reopen its live stream.
DRAIN_SECONDS = 2.0

# The process accepts no connection in the last 0.5 s, so every accepted client has time to send a
# request.
NO_ACCEPT_SECONDS = 0.5
# Of these, so long at most it accepts the connections that have come before.
QUEUE_SECONDS = 0.3
ACCEPT_SECONDS = 0.005  # for the event loop to accept all that wait

STOP_NOW_SIGNAL = signal.SIGUSR1  # like SIGTERM, but without draining

CLOSE = (b"connection", b"close")


def close_when_empty(
    servers: Sequence[asyncio.Server], seconds: float = QUEUE_SECONDS, *, was_empty: bool = False
) -> None:
    """Close the listening sockets when nobody waits in their queues, after so many seconds at most.

    The kernel resets the connections in the queue of a socket that is closed. Some wait there after a
    busy moment, since timers run before connections are accepted. `was_empty`: a turn of the event loop
    ago, so those that were accepted last have their transports by now.
    """
    loop = asyncio.get_running_loop()
    waiting = select.poll()
    for server in servers:
        for listener in server.sockets:
            waiting.register(listener, select.POLLIN)
    if seconds > 0 and waiting.poll(0):
        loop.call_later(ACCEPT_SECONDS, close_when_empty, servers, seconds - ACCEPT_SECONDS)
    elif not was_empty:
        loop.call_soon(partial(close_when_empty, servers, seconds, was_empty=True))
    else:
        for server in servers:
            server.close()


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
