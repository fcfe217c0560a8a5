"""One open page's stream: what it has yet to be told, and how that is written."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import NamedTuple

HEARTBEAT_SECONDS = 15.0
# The kernel takes some megabytes for a reader that has stopped; one that is behind for this long
# after that is gone or as good as gone.
STALLED_SECONDS = 30.0


class Change(NamedTuple):
    """A project's state as the stream's user sees it: score, version, and that user's own vote."""

    project_id: int
    score: int
    version: int
    vote: int


class Stream:
    """What a page watches. A project's newer change replaces one that still waits to be sent, so a
    slow reader never has more waiting than projects on its page.
    """

    def __init__(self, project_ids: frozenset[int], user_id: int | None) -> None:
        self.project_ids = project_ids
        self.user_id = user_id
        self.is_new = True
        self._waiting: dict[int, Change] = {}
        self._wake = asyncio.Event()
        self._closed = False
        self._waiting_since = 0.0
        self._writer: asyncio.Task[object] | None = None

    def put(self, change: Change) -> None:
        if not self._waiting:
            self._waiting_since = time.monotonic()
        self._waiting[change.project_id] = change
        self._wake.set()

    def is_stalled(self) -> bool:
        """Whether the reader has not taken anything for long, though there was something."""
        return bool(self._waiting) and time.monotonic() - self._waiting_since > STALLED_SECONDS

    def drop(self) -> None:
        """Cut off the task that is writing to the reader."""
        if self._writer is not None:
            self._writer.cancel()

    def close(self) -> None:
        self._closed = True
        self._wake.set()

    async def messages(self) -> AsyncIterator[bytes]:
        """Server-sent events: one for each round of changes, a comment when nothing happens."""
        yield b"retry: 1000\n\n"
        self._writer = asyncio.current_task()
        while not self._closed:
            try:
                await asyncio.wait_for(self._wake.wait(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"
            if self._waiting:
                changes = [change._asdict() for change in self._waiting.values()]
                self._waiting.clear()
                yield b"data: " + json.dumps(changes, separators=(",", ":")).encode() + b"\n\n"
            self._wake.clear()
