"""Deadlines of one HTTP/1.1 connection: whenever no request is being answered, it has one.

The connections that have a deadline are closed early when there are too many, the one that has waited
longest first.
"""

import asyncio
from collections import OrderedDict
from enum import Enum
from math import inf
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.server.connection_limit import max_connections, warn_of_limit

# How long a client may take to send a whole request, and to begin its first one. Bytes that follow a
# request wait as long for its answer to end.
RECEIVE_SECONDS = 30.0
# While a part of an answer waits for the client to read, it has to read so many bytes in that time.
READ_SECONDS = 30.0
MIN_READ_BYTES = 16 * 1024


class Phase(Enum):
    """What a connection is waiting for."""

    IDLE = "a request"
    RECEIVING = "the rest of a request"
    ANSWERING = "us"
    HOLDING = "us, although the client has sent more already"
    READING = "the client, to read what was written"


class DeadlineProtocol(HttpToolsProtocol):
    """One connection that ends in time.

    uvicorn's own class would wait for the rest of a request forever.
    """

    # The connections of this process that are not being answered, the one that waits longest first.
    waiting: ClassVar[OrderedDict["DeadlineProtocol", None]] = OrderedDict()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.receiving = False  # a request has begun but not ended
        self.in_head = False
        self.held = b""  # what came behind a request that is being answered
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
        return not self.receiving or self.in_head or bool(self.pipeline)

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
        self.receiving = self.in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.in_head = False

    def on_message_complete(self) -> None:
        self.receiving = False
        self._phase = None  # a request that begins in the same piece has a deadline of its own
        super().on_message_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Do nothing: uvicorn's timer would end with any byte, and the deadline of IDLE does not."""

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
        seconds = RECEIVE_SECONDS
        if phase is Phase.READING:
            seconds, self._unread = READ_SECONDS, self.transport.get_write_buffer_size()
        elif phase is Phase.IDLE and not self._is_new:
            seconds = self.timeout_keep_alive
        self._set_deadline(seconds)

    def refuse(self, status: int, reason: str) -> None:
        """Hang up, after sending the reason if that is possible."""
        raise NotImplementedError

    def hang_up(self) -> None:
        """Close the connection; what has been written is still sent, if the client reads it."""
        self.held = b""
        if self.cycle is not None:  # nothing that the app sends from now on is written
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
        self.update_deadline()

    def _find_phase(self) -> Phase:
        if self.flow.write_paused or self.transport.is_closing():
            return Phase.READING
        if self.receiving:
            return Phase.RECEIVING
        if self.held:
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
            self.refuse(408, f"A request must arrive within {RECEIVE_SECONDS:g} s.")
        elif self._phase is Phase.READING:
            self._end_unless_read()
        else:
            self.hang_up()

    def _end_unless_read(self) -> None:
        unread = self.transport.get_write_buffer_size()
        if self._unread - unread < MIN_READ_BYTES:
            self.transport.abort()
        else:
            self._unread = unread
            self._set_deadline(READ_SECONDS)
