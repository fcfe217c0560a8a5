"""Threads that leave signals to the main thread."""

import signal


def leave_signals() -> None:
    """Block the signals that end or reload a process in this thread: the main thread gets them.

    A signal that the main thread blocks until it becomes another program (exec) would otherwise go to
    any other thread, and be lost with it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
