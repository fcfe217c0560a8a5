"""Tells when the event loop of a web process stands still, by a counter in shared memory."""

import multiprocessing
import time

CHECK_SECONDS = 0.5  # between two checks of the parent (uvicorn's main loop)
HUNG_SECONDS = 25.0
LOADING_SECONDS = 120.0  # before the first beat: loading the app takes about 1 s on an idle machine
# A check that is so late says nothing: the machine slept, or had no time for the parent either.
LATE_SECONDS = 1.5


class HangWatch:
    """One for each process: it counts with `beat`, and its parent or a thread compares with `is_hung`.

    The time that counts is the checks that came in time, not the clock: after the machine was
    suspended, a process is not blamed for the time in which nobody ran. They come every `seconds`.
    """

    def __init__(self, seconds: float = CHECK_SECONDS) -> None:
        self._seconds = seconds
        self._beats = multiprocessing.get_context("spawn").RawValue("Q", 0)
        self._seen = 0
        self._missed = 0
        self._checked_at = time.monotonic()
        self.moved_at = self._checked_at  # when a check last found a new count (monotonic, s)

    def beat(self) -> None:
        """Count: the event loop of this process goes on."""
        self._beats.value += 1

    @property
    def has_begun(self) -> bool:
        """Whether the process has ever counted. One of an earlier version never does."""
        return bool(self._beats.value)

    def is_hung(self) -> bool:
        """Check once, in the parent; return whether nothing was counted for so many checks in time."""
        beats, now = self._beats.value, time.monotonic()
        late = now - self._checked_at > self._seconds + LATE_SECONDS
        self._checked_at = now
        if beats != self._seen:
            self._seen, self._missed, self.moved_at = beats, 0, now
        elif not late:
            self._missed += 1
        return self._missed * self._seconds >= (HUNG_SECONDS if beats else LOADING_SECONDS)
