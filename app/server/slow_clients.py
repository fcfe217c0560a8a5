"""Limits on one HTTP/1.1 connection, for clients that are slow, never finish, or attack on purpose.

At every moment a connection either has a request that is being answered, or a deadline. Whatever a
client sends, one connection costs at most some 100 kB, and the connections that wait longest make room
when there are too many.
"""

import asyncio
from collections import OrderedDict
from enum import Enum
from math import inf
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.server.connection_limit import max_connections, warn_of_limit
from app.web.request_limits import LARGE_HEADERS, MAX_HEADER_BYTES, MAX_HEADERS, write_refusal

# How long a client may take to send a whole request, and to begin its first one. Bytes that follow a
# request wait as long for its answer to end.
REQUEST_SECONDS = 30.0
# While a part of an answer waits for the client to read, it has to read so many bytes in that time.
READ_SECONDS = 30.0
MIN_READ_BYTES = 16 * 1024
# A head, or what is not body after it (chunk sizes, trailers): room for the longest address and all
# headers that app/web/request_limits.py allows. That file's refusals are better worded.
MAX_HEAD_BYTES = 32 * 1024
MAX_REQUEST_BYTES = (
    2 * 1024 * 1024
)  # a body that is too large is read so far, so that its client sees 413
# The parser gets so many bytes at a time. It never sees what follows the piece in which a request ends
# until that request is answered: a parsed request takes ten times as much memory as its bytes.
PIECE_BYTES = 2 * 1024
MAX_HELD_BYTES = 64 * 1024


class Phase(Enum):
    """What a connection is waiting for."""

    IDLE = "a request"
    RECEIVING = "the rest of a request"
    ANSWERING = "us"
    HOLDING = "us, although the client has sent more already"
    READING = "the client, to read what was written"


class BoundedProtocol(HttpToolsProtocol):
    """One connection, with limits on the size and the time of a request.

    uvicorn's own class would wait for the rest of a request, and keep its bytes, forever.
    """

    # The connections of this process that are not being answered, the one that waits longest first.
    waiting: ClassVar[OrderedDict["BoundedProtocol", None]] = OrderedDict()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.receiving = False  # a request has begun but not ended
        self._in_head = False
        self._fields = self._field_bytes = 0  # of the head and the trailers
        self._request_bytes = 0
        self._bytes_since_body = 0
        self._refusal: tuple[int, str] | None = None  # the reason why the parser was stopped
        self._held = b""  # what came behind a request that is being answered
        self._phase: Phase | None = None
        self._is_new = True  # no request has begun yet
        self._deadline = inf
        self._timer: asyncio.TimerHandle | None = None
        self._unread = 0  # bytes when the phase READING, or its last extension, began

    @property
    def busy(self) -> bool:
        """Return whether a whole request waits for its answer."""
        if self.cycle is None or self.cycle.response_complete:
            return False
        return not self.receiving or self._in_head or bool(self.pipeline)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.update_deadline()
        if len(self.connections) > max_connections(self.limit_concurrency):
            warn_of_limit(len(self.connections))
            self.waiting.popitem(last=False)[0].transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.waiting.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        at = 0
        while at < len(data) and not self.transport.is_closing():
            if self.busy:
                self._hold(data[at:])
                break
            self._parse(data[at : at + PIECE_BYTES])
            at += PIECE_BYTES
        self.update_deadline()

    def eof_received(self) -> None:
        super().eof_received()
        self.loop.call_soon(self.update_deadline)  # the transport closes when this method has returned

    def pause_writing(self) -> None:
        super().pause_writing()
        self.update_deadline()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.update_deadline()

    def on_message_begin(self) -> None:
        self.receiving = self._in_head = True
        self._fields = self._field_bytes = self._request_bytes = self._bytes_since_body = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field of the head, and drop one of a trailer: uvicorn would make it a header."""
        self._fields += 1
        self._field_bytes += len(name) + len(value)
        if self._fields > MAX_HEADERS or self._field_bytes > MAX_HEADER_BYTES:
            self._refusal = 431, LARGE_HEADERS
            raise OverflowError  # stops the parser
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
        if self.parser.should_upgrade():  # the parser skips what follows such a request
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._bytes_since_body = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.receiving = False
        self._phase = None  # a request that begins in the same piece has a deadline of its own
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.release_held()

    def timeout_keep_alive_handler(self) -> None:
        """Do nothing: uvicorn's timer would end with any byte, and the deadline of IDLE does not."""

    def send_400_response(self, msg: str) -> None:
        self._refuse(*(self._refusal or (400, msg)))

    def update_deadline(self) -> None:
        """Set the deadline for what the connection waits for; it stays while that is the same."""
        phase = self._find_phase()
        if phase is self._phase:
            return
        self._phase = phase
        self._is_new = self._is_new and phase is Phase.IDLE
        if phase is Phase.ANSWERING:
            self.waiting.pop(self, None)
            self._deadline = inf
            return
        self.waiting[self] = None
        self.waiting.move_to_end(self)
        seconds = REQUEST_SECONDS
        if phase is Phase.READING:
            seconds, self._unread = READ_SECONDS, self.transport.get_write_buffer_size()
        elif phase is Phase.IDLE and not self._is_new:
            seconds = self.timeout_keep_alive
        self._set_deadline(seconds)

    def release_held(self) -> None:
        """Go on with what came behind a request, which has been answered."""
        if self._held and not self.busy:
            held, self._held = self._held, b""
            self.flow.resume_reading()
            self.data_received(held)
        self.update_deadline()

    def _find_phase(self) -> Phase:
        if self.flow.write_paused or self.transport.is_closing():
            return Phase.READING
        if self.receiving:
            return Phase.RECEIVING
        if self._held:
            return Phase.HOLDING
        return Phase.ANSWERING if self.busy else Phase.IDLE

    def _set_deadline(self, seconds: float) -> None:
        self._deadline = self.loop.time() + seconds
        if self._timer is not None and self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:  # one that is too early will start the next
            self._timer = self.loop.call_later(seconds, self._time_out)

    def _time_out(self) -> None:
        self._timer = None
        remaining = self._deadline - self.loop.time()
        if remaining > 0:
            if remaining < inf:
                self._set_deadline(remaining)
        elif self._phase is Phase.RECEIVING:
            self._refuse(408, f"A request must arrive within {REQUEST_SECONDS:g} s.")
        elif self._phase is Phase.READING:
            self._end_unless_read()
        else:
            self._hang_up()

    def _end_unless_read(self) -> None:
        unread = self.transport.get_write_buffer_size()
        if self._unread - unread < MIN_READ_BYTES:
            self.transport.abort()
        else:
            self._unread = unread
            self._set_deadline(READ_SECONDS)

    def _hold(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > MAX_HELD_BYTES:
            self._hang_up()
        else:
            self.flow.pause_reading()

    def _parse(self, piece: bytes) -> None:
        self._request_bytes += len(piece)
        self._bytes_since_body += len(piece)
        super().data_received(piece)
        if self.receiving and self._bytes_since_body > MAX_HEAD_BYTES:
            self._refuse(431, LARGE_HEADERS)
        elif self.receiving and self._request_bytes > MAX_REQUEST_BYTES:
            self._refuse(413, "This request is too large.")

    def _refuse(self, status: int, reason: str) -> None:
        """Hang up, and send the reason before unless the client would take it for another answer."""
        if self._may_answer() and not self.transport.is_closing():
            headers, body = write_refusal(self.url if self.receiving else b"", status, reason)
            lines = [
                b"%s: %s\r\n" % header for header in (*self.server_state.default_headers, *headers)
            ]
            self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", body]))
        self._hang_up()

    def _may_answer(self) -> bool:
        """Return whether it is the turn of the request that is arriving, and no answer has begun."""
        if self.cycle is None:
            return True
        if self.receiving and not self._in_head:
            return not self.pipeline and not self.cycle.response_started
        return self.cycle.response_complete

    def _hang_up(self) -> None:
        self._held = b""
        if self.cycle is not None:  # nothing that the app sends from now on is written
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
        self.update_deadline()
