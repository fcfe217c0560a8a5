"""Limits on one HTTP/1.1 connection, for clients that are slow, never finish, or attack on purpose."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.web.request_limits import HEADERS

# How long a client may take to send a whole request, and to begin its first one.
REQUEST_SECONDS = 30.0
MAX_PIPELINED = 100  # requests sent before the first is answered; each takes some kilobytes of memory
MAX_HEAD_BYTES = 64 * 1024  # app/web/request_limits.py refuses smaller heads with a better message


class BoundedProtocol(HttpToolsProtocol):
    """One connection, with limits on the size and the time of a request.

    uvicorn's own class would wait for the rest of a request, and keep its bytes, forever.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.receiving = False  # a request has begun but not ended
        self._in_head = False
        self._head_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(431, "These headers are too large.")
        elif not self.receiving:
            self.stop_timer()
        elif self._timer is None:
            self._start_timer()

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MAX_PIPELINED:
            raise OverflowError(
                "too many pipelined requests"
            )  # the client gets 400, as for a malformed request
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

    def stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(REQUEST_SECONDS, self._time_out)

    def _time_out(self) -> None:
        self._timer = None
        if self.receiving:
            self._refuse(408, f"A request must arrive within {REQUEST_SECONDS:g} s.")
        else:
            self.transport.close()

    def _refuse(self, status: int, reason: str) -> None:
        """Send the reason, unless another answer has begun, and close the connection."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            length = (b"content-length", str(len(reason)).encode())
            headers = [*self.server_state.default_headers, *HEADERS, length, (b"connection", b"close")]
            lines = [b"%s: %s\r\n" % header for header in headers]
            self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", reason.encode()]))
        self.transport.close()
