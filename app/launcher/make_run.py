"""Stop `upvote serve` when SIGINT reached only the `make run` that started it.

In a terminal, Ctrl-C reaches both processes. When a script sends SIGINT to make alone, make waits for
its recipe forever and passes nothing on. The only visible effect is that make no longer handles the
signal.
"""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

from app.server.parent import PARENT_VARIABLE
from app.threads import leave_signals

INTERVAL = 0.5  # s


def runs_under_make() -> bool:
    """Return whether this process was started by a make that has not got SIGINT yet."""
    return _handles_interrupt(os.environ.get(PARENT_VARIABLE, ""))


def stop_with_make() -> None:
    """Send SIGINT to this process once the make that runs it has got SIGINT."""
    make = os.environ[PARENT_VARIABLE]
    threading.Thread(target=_interrupt_after, args=(make,), daemon=True).start()


def _interrupt_after(make: str) -> None:
    leave_signals()
    while _handles_interrupt(make):
        time.sleep(INTERVAL)
    os.kill(os.getpid(), signal.SIGINT)


def _handles_interrupt(process: str) -> bool:
    with contextlib.suppress(OSError):  # make has ended, or this is not Linux
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) & 1 << (signal.SIGINT - 1))
    return False
