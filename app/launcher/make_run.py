"""`kill -INT` on `make run`: make waits for its recipe, which it has not told.

In a terminal Ctrl-C reaches both of us. A script that signals make alone would wait for ever; the
one trace of the signal is that make, having caught it, handles it no more.
"""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

from app.server.parent import PARENT_VARIABLE

INTERVAL = 0.5  # s


def heed_make() -> None:
    """Interrupt ourselves when the make that runs us was interrupted. Does nothing without make."""
    make = os.environ.get(PARENT_VARIABLE)
    if make and _handles_interrupt(make):
        threading.Thread(target=_interrupt_after, args=(make,), daemon=True).start()


def _interrupt_after(make: str) -> None:
    while _handles_interrupt(make):
        time.sleep(INTERVAL)
    os.kill(os.getpid(), signal.SIGINT)


def _handles_interrupt(process: str) -> bool:
    with contextlib.suppress(OSError):  # it is gone, or this is no Linux
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) & 1 << (signal.SIGINT - 1))
    return False
