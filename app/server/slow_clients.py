"""Limits on one HTTP/1.1 connection, for clients that are slow, never finish, or attack on purpose.

app/server/deadlines.py limits how long it waits, this file how much it sends: some 100 kB of memory.
"""

import re
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.server.deadlines import DeadlineProtocol
from app.web.headers import EncodedHeaders
from app.web.request_limits import (
    HANDOVER_PATH,
    LARGE_HEADERS,
    LONG_TOKEN,
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    NOT_A_PATH,
    write_refusal,
)

# A head, or what is not body after it (chunk sizes, trailers): room for the longest address and all
# headers that app/web/request_limits.py allows. That file's refusals are better worded.
MAX_HEAD_BYTES = 32 * 1024
MAX_REQUEST_BYTES = 2 * 1024 * 1024  # the rest of a body that was refused, so that its client sees why
# The parser gets so many bytes at a time. It never sees what follows the piece in which a request ends
# until that request is answered: a parsed request takes ten times as much memory as its bytes.
PIECE_BYTES = 2 * 1024
MAX_HELD_BYTES = 64 * 1024
# The first piece of a head that ends within a token: in its header, or in the address of its link.
_IN_TOKEN = re.compile(
    rb"(\w+ %b\?|.*\r\nauthorization:)[^\r\n]*\Z" % HANDOVER_PATH.encode(), re.IGNORECASE | re.DOTALL
)


class BoundedProtocol(DeadlineProtocol):
    """One connection, with limits on the size and the time of a request.

    uvicorn's own class would keep all bytes of a request, and of those behind it. `cors_headers`
    returns what pages of other sites need to read a refusal, from a request's target and headers.
    """

    cors_headers: Callable[[bytes, EncodedHeaders], EncodedHeaders] = staticmethod(lambda *_: [])

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._fields = self._field_bytes = 0  # of the head and the trailers
        self._request_bytes = 0
        self._piece = self._first_piece = b""  # what the parser has now, and what this head began with
        self._bytes_since_body = 0
        self._refusal: tuple[int, str] | None = None  # the reason why the parser was stopped

    def data_received(self, data: bytes) -> None:
        at = 0
        while at < len(data) and not self.transport.is_closing():
            if self.busy:
                self._hold(data[at:])
                break
            self._parse(data[at : at + PIECE_BYTES])
            at += PIECE_BYTES
        self.update_deadline()

    def on_message_begin(self) -> None:
        self._fields = self._field_bytes = self._request_bytes = self._bytes_since_body = 0
        self._first_piece = self._piece
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Refuse a fragment: a proxy may take it for a part of the path, and not recognise the path."""
        if b"#" in url:
            self._refusal = 400, NOT_A_PATH
            raise ValueError  # stops the parser
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field of the head, and drop one of a trailer: uvicorn would make it a header."""
        self._fields += 1
        self._field_bytes += len(name) + len(value)
        if self._fields > MAX_HEADERS or self._field_bytes > MAX_HEADER_BYTES:
            self._refusal = self._too_large()
            raise OverflowError  # stops the parser
        if self.in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self.parser.should_upgrade():  # the parser skips what follows such a request
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._bytes_since_body = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.release_held()

    def send_400_response(self, msg: str) -> None:
        self.refuse(*(self._refusal or (400, msg)))

    def release_held(self) -> None:
        """Go on with what came behind a request, which has been answered."""
        if self.held and not self.busy:
            held, self.held = self.held, b""
            self.flow.resume_reading()
            self.data_received(held)
        self.update_deadline()

    def refuse(self, status: int, reason: str) -> None:
        """Hang up, and send the reason before unless the client would take it for another answer."""
        if self._may_answer() and not self.transport.is_closing():
            target, received = (self.url, self.headers) if self.receiving else (b"", [])
            headers, body = write_refusal(target, status, reason)
            headers += [*self.server_state.default_headers, *self.cors_headers(target, received)]
            lines = [b"%s: %s\r\n" % header for header in headers]
            self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", body]))
        self.hang_up()

    def _hold(self, data: bytes) -> None:
        self.held += data
        if len(self.held) > MAX_HELD_BYTES:
            self.hang_up()
        else:
            self.flow.pause_reading()

    def _parse(self, piece: bytes) -> None:
        self._piece = piece
        self._request_bytes += len(piece)
        self._bytes_since_body += len(piece)
        super().data_received(piece)
        if self.receiving and self._bytes_since_body > MAX_HEAD_BYTES:
            self.refuse(*self._too_large())
        elif self.receiving and self._request_bytes > MAX_REQUEST_BYTES:
            self.refuse(413, "This request is too large.")

    def _too_large(self) -> tuple[int, str]:
        """Return the refusal of a head that is too large: of a token if that is what is too long."""
        long_token = self.in_head and _IN_TOKEN.match(self._first_piece)
        return (401, LONG_TOKEN) if long_token else (431, LARGE_HEADERS)

    def _may_answer(self) -> bool:
        """Return whether it is the turn of the request that is arriving, and no answer has begun."""
        if self.cycle is None:
            return True
        if self.receiving and not self.in_head:
            return not self.pipeline and not self.cycle.response_started
        return self.cycle.response_complete
