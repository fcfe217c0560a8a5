"""The stream of one open page: the changes that wait to be sent, and their format."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from app.accounts.user import User

HEARTBEAT_SECONDS = 15.0
# An event and no comment, since a browser does not show a page the comments. A program that takes the
# data of any event for changes finds none in it.
BEAT = b"event: beat\ndata:[]\n\n"
# The kernel buffers some megabytes for a reader that has stopped. If changes wait this long after that,
# the reader is gone.
STALLED_SECONDS = 30.0


class Change(NamedTuple):
    """A project's state as JSON, and the reader's vote in it."""

    text: bytes
    vote: int


class Stream:
    """The projects that one page watches, and the changes that wait to be sent to it.

    A newer change of a project replaces one that still waits, so a slow reader never has more changes
    waiting than projects on its page. When the session of its reader ends, it goes on as a visitor's,
    and ends on a private board. A stream opened by a token ends instead, since its client can
    reconnect.

    While tallies are secret for its reader (`sees` is False), nothing about it may depend on the votes
    of others. So it is sent a change only where the reader's own vote is not the one it was sent last
    (`told`), and its snapshot contains the cold projects too (`is_full`).
    """

    def __init__(
        self,
        project_ids: frozenset[int],
        user: User | None,
        is_over: Callable[[User], bool] = lambda _: False,
        sees_tallies: Callable[[int | None], bool] = lambda _: True,
        *,
        is_full: bool = False,
        is_private: Callable[[], bool] = lambda: False,
    ) -> None:
        self.project_ids = project_ids
        self.user = user
        self.is_new = True
        self.is_full = is_full
        self.lacks_cold = False  # PostgreSQL was away when the cold projects were needed
        self.told: dict[int, int] = {}
        self._is_over = is_over
        self._sees_tallies, self._is_private = sees_tallies, is_private
        self.sees = sees_tallies(user and user.id)
        self._waiting: dict[int, bytes] = {}
        self._times = b""  # the times of voting, if they wait to be sent
        self._wake = asyncio.Event()
        self._closed = False
        self._waiting_since = 0.0
        self._writer: asyncio.Task[object] | None = None

    @property
    def reader(self) -> tuple[User | None, bool]:
        """Return on whom its changes depend."""
        return self.user, self.sees

    @property
    def needs_cold(self) -> bool:
        """Whether the next message has to contain the cold projects too."""
        return self.lacks_cold or (self.is_new and (self.is_full or not self.sees))

    def check_reader(self) -> None:
        """Forget the reader if the session has ended; begin anew if secrecy has begun or ended; end a
        visitor's stream if the board has turned private.
        """
        if self.user is not None and self._is_over(self.user):
            if self.user.by_token:
                return self._end()
            self.forget_user()
        if self.user is None and self._is_private():
            self._end()
        sees = self._sees_tallies(self.user and self.user.id)
        if sees != self.sees:
            self.sees, self.is_full = sees, True
            self._begin_anew()

    def forget_user(self) -> None:
        """Go on as a visitor's stream, with a new snapshot in place of what waits."""
        self.user = None
        self._begin_anew()

    def _end(self) -> None:
        """Close without sending what waits."""
        self._waiting.clear()
        self._times = b""
        self.close()

    def _begin_anew(self) -> None:
        self.is_new = True
        self.told.clear()
        self._waiting.clear()

    def put(self, changes: dict[int, Change]) -> None:
        """Queue changes by project, to be sent in one message; each replaces one that still waits."""
        if not changes:
            return
        if not self._waiting:
            self._waiting_since = time.monotonic()
        for project_id, (text, vote) in sorted(changes.items()):
            self._waiting[project_id] = text
            self.told[project_id] = vote
        self._wake.set()

    def put_times(self, times: bytes) -> None:
        """Queue the times of voting, as JSON."""
        self._times = times
        self._wake.set()

    def is_stalled(self) -> bool:
        """Return whether changes have waited for more than STALLED_SECONDS."""
        return bool(self._waiting) and time.monotonic() - self._waiting_since > STALLED_SECONDS

    def drop(self) -> None:
        """Cancel the task that is writing to the reader."""
        if self._writer is not None:
            self._writer.cancel()

    def close(self) -> None:
        self._closed = True
        self._wake.set()

    async def messages(self) -> AsyncIterator[bytes]:
        """Yield server-sent events: one for each round of changes, a beat when nothing happens."""
        yield b"retry: 1000\n\n"
        self._writer = asyncio.current_task()
        while not self._closed:
            try:
                # wait_for of Python 3.11 would lose a cancellation that comes when it has been woken.
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                yield BEAT
            self._wake.clear()  # before the write, so that changes during it wake this loop again
            self.check_reader()
            if self._times:
                times, self._times = self._times, b""
                yield b"event: times\ndata: " + times + b"\n\n"
            if self._waiting:
                message = b"data: [" + b",".join(self._waiting.values()) + b"]\n\n"
                self._waiting.clear()
                yield message
