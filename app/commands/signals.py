"""Ends a command on SIGTERM and SIGHUP as on Ctrl-C, so that it tidies up."""

import asyncio
import contextlib
import signal
import threading
from types import FrameType


def interrupt_on_signals() -> None:
    """Treat SIGTERM and SIGHUP like SIGINT. A signal that is ignored, as by nohup, stays ignored."""
    if threading.current_thread() is not threading.main_thread():
        return  # a test, which keeps its own handlers
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)  # asyncio's own cancels the task that runs
        return
    # SIGINT is ignored, as behind the & of a script, so asyncio has not set its handler.
    with contextlib.suppress(RuntimeError):  # no event loop
        loop = asyncio.get_running_loop()
        loop.call_soon_threadsafe(_cancel_all, loop)
        return
    raise KeyboardInterrupt


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
