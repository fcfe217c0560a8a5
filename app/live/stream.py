"""One open page's stream: what it has yet to be told, and how that is written."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

from app.voting.votes import Tally

HEARTBEAT_SECONDS = 15.0
# The kernel takes some megabytes for a reader that has stopped; one that is behind for this long
# after that is gone or as good as gone.
STALLED_SECONDS = 30.0


def write_change(project_id: int, tally: Tally, vote: int) -> bytes:
    """A project's state as a reader with this vote sees it, as JSON."""
    news = {"project_id": project_id, **tally._asdict(), "score": tally.score, "vote": vote}
    return json.dumps(news, separators=(",", ":")).encode()


class Stream:
    """What a page watches. A project's newer change replaces one that still waits to be sent, so a
    slow reader never has more waiting than projects on its page.
    """

    def __init__(self, project_ids: frozenset[int], user_id: int | None) -> None:
        self.project_ids = project_ids
        self.user_id = user_id
        self.is_new = True
        self._waiting: dict[int, bytes] = {}
        self._wake = asyncio.Event()
        self._closed = False
        self._waiting_since = 0.0
        self._writer: asyncio.Task[object] | None = None

    def put(self, changes: dict[int, bytes]) -> None:
        """Have projects' changes sent, in one message; each replaces one that still waits."""
        if not self._waiting:
            self._waiting_since = time.monotonic()
        self._waiting.update(changes)
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
            self._wake.clear()  # before taking: what comes while we write wakes us again
            if self._waiting:
                message = b"data: [" + b",".join(self._waiting.values()) + b"]\n\n"
                self._waiting.clear()
                yield message
