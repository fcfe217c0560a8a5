"""HTTP/1.1 with the fast vote path in front of uvicorn.

A plain vote is answered from the bytes of its connection, without a task or an ASGI scope. Every other
request, and every vote that was not accepted, goes on to uvicorn and Quart byte by byte as it came.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.fast.votes import FastVote, FastVotes
from app.voting.votes import VoteResult
from app.web.asgi import OUTCOME

CLOSE = b"connection: close\r\n"


class VoteProtocol(HttpToolsProtocol):
    """One connection. Mixed into app/server/slow_clients.py's protocol, with `votes` of the process.

    `is_draining` says whether the process is about to end. Then each answer closes its connection, and
    the next vote goes to another process. Votes stay on the fast path, since all of them on the other
    one would be more than a process can do.
    """

    fast_votes: FastVotes
    is_draining: Callable[[], bool]
    receiving: bool
    update_deadline: Callable[[], None]
    release_held: Callable[[], None]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._request = b""  # of the vote that is being cast
        self._outcome: VoteResult | BaseException | None = None  # for Quart's route
        self._is_last = False

    @property
    def busy(self) -> bool:
        """Return whether a whole request waits for its answer."""
        return bool(self._request) or super().busy  # type: ignore[misc]

    def data_received(self, data: bytes) -> None:
        if (vote := self._fast_vote(data)) is None:
            super().data_received(data)
        else:
            self._request = data
            self.update_deadline()
            self.fast_votes.cast(vote).add_done_callback(lambda cast: self._answer(vote, cast))

    def on_headers_complete(self) -> None:
        if self._outcome is not None:
            self.scope[OUTCOME], self._outcome = self._outcome, None  # type: ignore[literal-required]
        super().on_headers_complete()

    def shutdown(self) -> None:
        """Close the connection when uvicorn shuts down, or after the answer to a vote being cast."""
        self._is_last = True
        if not self._request:
            super().shutdown()

    def _fast_vote(self, data: bytes) -> FastVote | None:
        """Return the vote in these bytes, if no other request is being received or answered."""
        if self.receiving or self.busy:
            return None
        return self.fast_votes.parse(data, self.client)

    def _answer(self, vote: FastVote, cast: "asyncio.Future[VoteResult]") -> None:
        request, self._request = self._request, b""
        # Read it even if the client has gone: asyncio would log an exception that nobody retrieves.
        failure = None if cast.cancelled() else cast.exception()
        if cast.cancelled() or self.transport.is_closing():
            self.transport.close()
            return
        answer = None if failure else self.fast_votes.answer(vote, cast.result())
        if answer is None:
            self._outcome = failure or cast.result()
            super().data_received(request)
        else:
            self._write(answer)
        self.release_held()

    def _write(self, answer: bytes) -> None:
        date = b"".join([b"%s: %s\r\n" % header for header in self.server_state.default_headers])
        closes = self._is_last or self.is_draining()
        head = b"HTTP/1.1 200 OK\r\n" + (CLOSE if closes else b"") + date
        self.transport.write(head + answer)
        if closes:
            self.transport.close()
