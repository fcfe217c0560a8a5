"""HTTP/1.1 with the fast door in front.

A plain vote is answered from the bytes that came, without a task or a scope. Whatever is not plain,
or was not accepted, goes on to uvicorn and Quart, byte for byte as it came.
"""

import asyncio
from typing import Any

from app.fast.votes import FastVotes, PlainVote
from app.projects.vote import FAILURE
from app.server.drain import Drain
from app.server.slow_clients import BoundedProtocol
from app.voting.votes import Answer


class VoteProtocol(BoundedProtocol):
    """One connection to a process; `door` and `drain` are the process'."""

    door: FastVotes
    drain: Drain

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._request = b""  # of the vote that is being cast
        self._next = b""  # what came behind it
        self._failure: BaseException | None = None
        self._voted_at = 0.0
        self._is_last = False

    def data_received(self, data: bytes) -> None:
        if self._request:  # a client that does not wait for its answer
            self._next += data
            self.flow.pause_reading()
        elif (vote := self._plain_vote(data)) is None:
            super().data_received(data)
        else:
            self._request = data
            self.stop_waiting()
            self.door.cast(vote).add_done_callback(lambda cast: self._answer(vote, cast))

    def on_headers_complete(self) -> None:
        if self._failure is not None:
            self.scope[FAILURE], self._failure = self._failure, None  # type: ignore[literal-required]
        super().on_headers_complete()

    def shutdown(self) -> None:
        """uvicorn ends: hang up, or do so behind the answer that is under way."""
        self._is_last = True
        if not self._request:
            super().shutdown()

    def timeout_keep_alive_handler(self) -> None:
        """Between votes no timer is set anew, for that would cost as much as a vote's cookie."""
        rest = self._voted_at + self.timeout_keep_alive - self.loop.time()
        if self._request or rest > 0:
            self._keep_alive(max(rest, 1.0))
        else:
            super().timeout_keep_alive_handler()

    def _plain_vote(self, data: bytes) -> PlainVote | None:
        """The vote that these bytes are, if nothing else is under way."""
        if self.receiving or self.drain.draining:
            return None
        if self.cycle is not None and not self.cycle.response_complete:
            return None
        return self.door.plain_vote(data, self.client)

    def _answer(self, vote: PlainVote, cast: "asyncio.Future[Answer]") -> None:
        request, self._request = self._request, b""
        failure = None if cast.cancelled() else cast.exception()  # taken, whoever is still there
        if cast.cancelled() or self.transport.is_closing():
            self.transport.close()
            return
        self._failure = failure
        told = None if self._failure else self.door.answer(vote, cast.result())
        if told is None:
            super().data_received(request)
        else:
            self._tell(told)
        if self._next:
            self._go_on()

    def _tell(self, told: bytes) -> None:
        date = b"".join([b"%s: %s\r\n" % header for header in self.server_state.default_headers])
        self.transport.write(b"HTTP/1.1 200 OK\r\n" + date + told)
        self._voted_at = self.loop.time()
        if self._is_last:
            self.transport.close()
        elif self.timeout_keep_alive_task is None:
            self._keep_alive(self.timeout_keep_alive)

    def _keep_alive(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _go_on(self) -> None:
        waiting, self._next = self._next, b""
        self.flow.resume_reading()
        self.data_received(waiting)
