"""A process that was asked to end is gone in time, whatever hangs: a thread ends it the hard way.

What it leaves is what a crash leaves: events that were not persisted wait in Redis, and transactions
roll back.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from app.output import flush_output
from app.single_flight import retrieve_exception

T = TypeVar("T")

log = structlog.get_logger()

# From the signal to the end. Supervisors wait for longer: systemd, compose.yaml, `upvote serve`.
END_SECONDS = 9.5
FLUSH_SECONDS = 0.3  # for the last line of the log
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def end_in_time(seconds: float = END_SECONDS, begin: Callable[[], None] = lambda: None) -> None:
    """Call `begin` in a thread, which ends this process with code 1 after so many seconds.

    A signal handler may call this: it takes no lock that the interrupted code could hold.
    """
    threading.Thread(target=_end, args=(seconds, begin), name="end in time", daemon=True).start()


class EndSignals:
    """Receives SIGINT and SIGTERM in a thread: a blocked event loop would never see them.

    Make it in the main thread, before any other thread starts: threads inherit that it blocks the
    signals. So do child processes, so it is not for a process that starts some.
    """

    def __init__(self, seconds: float = END_SECONDS) -> None:
        # Called in the thread, once. Without it the process ends at once: it has begun nothing.
        self.begin_end: Callable[[], None] | None = None
        self._seconds = seconds
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        threading.Thread(target=self._wait, name="signals", daemon=True).start()

    def _wait(self) -> None:
        signal.sigwait(SIGNALS)
        if self.begin_end is None:
            _exit(0)
        else:
            _end(self._seconds, self.begin_end)


async def finish(work: Awaitable[T], seconds: float) -> T:
    """Do a step of an end in at most so many seconds. Raises TimeoutError after that.

    Unlike asyncio.timeout it does not wait until the step has noticed that it is cancelled.
    """
    task = asyncio.ensure_future(work)
    task.add_done_callback(retrieve_exception)
    await asyncio.wait([task], timeout=seconds)
    if task.done():
        return task.result()
    task.cancel()
    raise TimeoutError


async def unless(stop: asyncio.Event, work: Awaitable[T]) -> T | None:
    """Do the work, but leave it and return None as soon as `stop` is set."""
    task, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    task.add_done_callback(retrieve_exception)
    try:
        await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        stopping.cancel()


def end_hung(event: str) -> None:
    """Log why, and where the main thread hangs, and end this process with code 1."""
    try:
        log.error(event, hangs_in=_main_thread_is_in())
    finally:
        _exit(1)


def _end(seconds: float, begin: Callable[[], None]) -> None:
    try:
        begin()
        threading.Event().wait(seconds)
    finally:
        end_hung("the process was asked to end and hangs; it is ended now")


def _main_thread_is_in() -> str:
    """Return the place in the code that the main thread is at."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else ""


def _exit(code: int) -> None:
    flush_output(FLUSH_SECONDS)
    os._exit(code)
