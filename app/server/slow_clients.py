"""HTTP/1.1 as uvicorn speaks it, for clients that are slow, endless or broken on purpose."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.web.request_limits import HEADERS

# What a client may take to send a whole request, and to begin with its first one.
REQUEST_SECONDS = 30.0
MOST_AHEAD = 100  # requests that may be sent before the first is answered; each takes some kilobytes
LARGEST_HEAD = 64 * 1024  # bytes; app/web/request_limits.py refuses smaller ones with a reason


class BoundedProtocol(HttpToolsProtocol):
    """One connection; uvicorn's own would wait for the rest of a request, and keep it, for ever."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.receiving = False  # a request has begun and not ended
        self._in_head = False
        self._head_bytes = 0
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
        if self._head_bytes > LARGEST_HEAD:
            self._refuse(431, "These headers are too large.")
        elif not self.receiving:
            self.stop_waiting()
        elif self._patience is None:
            self._begin_waiting()

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MOST_AHEAD:
            raise OverflowError("too many requests ahead of their answers")  # answered as a broken one
        self.receiving = self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.receiving = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, msg)

    def stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _begin_waiting(self) -> None:
        self._patience = self.loop.call_later(REQUEST_SECONDS, self._lose_patience)

    def _lose_patience(self) -> None:
        self._patience = None
        if self.receiving:
            self._refuse(408, f"A request has to be sent within {REQUEST_SECONDS:g} s.")
        else:
            self.transport.close()

    def _refuse(self, status: int, reason: str) -> None:
        """Say why, unless an answer is under way already, and hang up."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            length = (b"content-length", str(len(reason)).encode())
            headers = [*self.server_state.default_headers, *HEADERS, length, (b"connection", b"close")]
            lines = [b"%s: %s\r\n" % header for header in headers]
            self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", reason.encode()]))
        self.transport.close()
