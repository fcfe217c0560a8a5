"""Ends a command on SIGTERM and SIGHUP as on Ctrl-C, so that it tidies up."""

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
    handler = signal.getsignal(signal.SIGINT)  # asyncio's own cancels the task that runs
    if not callable(handler):
        raise KeyboardInterrupt
    handler(signal.SIGINT, frame)
