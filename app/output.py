"""Output that nobody waits for: a line that cannot be written is counted and dropped.

A terminal after Ctrl-S or a log driver that hangs stops a process that writes to it, and a full disk
makes each write fail. Neither may stop a vote, a job, or the end of a process.
"""

import atexit
import io
import os
import sys
import threading
import time
from collections import deque

from app.threads import leave_signals

MAX_BYTES = 1024 * 1024  # lines that wait to be written; about 5,000 of them
CHUNK_BYTES = 64 * 1024  # one write; the size of a pipe on Linux
FLUSH_SECONDS = 1.0  # at the end of the process, for lines that wait


class DroppingOutput(io.TextIOBase):
    """A text file whose writes return at once: a thread writes the lines to the file descriptor."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._changed = threading.Condition(threading.RLock())  # a signal handler may write too
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0  # in the queue and in the write that is running
        self._begun = ""  # a line without its end
        self._unreported = 0
        self.dropped = 0
        threading.Thread(target=self._run, name="output", daemon=True).start()

    def write(self, text: str) -> int:
        """Queue the lines that are complete; never waits and never fails."""
        with self._changed:
            lines, end, self._begun = (self._begun + text).rpartition("\n")
            if end:
                self._put((lines + end).encode(self.encoding, self.errors))
            elif len(self._begun) > CHUNK_BYTES:
                self._put(self._begun.encode(self.encoding, self.errors))
                self._begun = ""
        return len(text)

    def put(self, data: bytes) -> None:
        """Queue bytes as they are."""
        with self._changed:
            self._put(data)

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        return True

    def drain(self, seconds: float) -> None:
        """Return when everything has been written, or after so many seconds."""
        deadline = time.monotonic() + seconds
        with self._changed:
            if self._begun:
                self._put(self._begun.encode(self.encoding, self.errors))
                self._begun = ""
            while self._waiting_bytes and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)

    def _put(self, data: bytes) -> None:
        if self._waiting_bytes + len(data) > MAX_BYTES:
            self._count_dropped(data)
            return
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        self._changed.notify_all()

    def _count_dropped(self, data: bytes) -> None:
        lines = max(1, data.count(b"\n"))
        self.dropped += lines
        self._unreported += lines

    def _run(self) -> None:
        leave_signals()
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                data = self._take()
            written = self._write(data)
            with self._changed:
                self._waiting_bytes -= len(data)
                if written < len(data):
                    self._count_dropped(data[written:])
                elif self._unreported:
                    self._report()
                self._changed.notify_all()

    def _take(self) -> bytes:
        """Return the lines that wait, as much as fits into one write, but at least one."""
        parts = [self._waiting.popleft()]
        size = len(parts[0])
        while self._waiting and size + len(self._waiting[0]) <= CHUNK_BYTES:
            parts.append(self._waiting.popleft())
            size += len(parts[-1])
        return b"".join(parts)

    def _write(self, data: bytes) -> int:
        """Write to the descriptor, waiting for its reader; return how many bytes it took."""
        written = 0
        while written < len(data):
            try:
                written += os.write(self._descriptor, data[written:])
            except BlockingIOError:  # someone who shares the terminal has made it non-blocking
                time.sleep(0.05)
            except OSError:  # the disk is full, or the reader has gone
                break
        return written

    def _report(self) -> None:
        lines, self._unreported = self._unreported, 0
        self._put(b"upvote: %d lines of output were dropped: they could not be written\n" % lines)


def never_wait_for_output() -> None:
    """Replace stdout and stderr of this process; logs, warnings and tracebacks go the same way.

    Call it at the start of a long-running process, before logs are configured. May be repeated.
    """
    if isinstance(sys.stdout, DroppingOutput):
        return
    sys.stdout, sys.stderr = (DroppingOutput(number) for number in (1, 2))
    atexit.register(flush_output)


def flush_output(seconds: float = FLUSH_SECONDS) -> None:
    """Return when stdout and stderr have been written, or after so many seconds."""
    deadline = time.monotonic() + seconds
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, DroppingOutput):
            output.drain(max(0.0, deadline - time.monotonic()))


def count_dropped_lines() -> int:
    """Return how many lines of this process could not be written."""
    outputs = (sys.stdout, sys.stderr)
    return sum(output.dropped for output in outputs if isinstance(output, DroppingOutput))
