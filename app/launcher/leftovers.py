"""End the remaining processes of an earlier `serve` on the same DATA_DIR that was killed."""

import contextlib
import os
import time
from pathlib import Path

import psutil

from app.server.parent import PARENT_VARIABLE

GRACE_SECONDS = 15.0  # for an orderly stop; the kernel has already sent them a signal


def clear(data_dir: Path) -> None:
    """Wait for the processes to end, then terminate and finally kill them. Needs the lock."""
    left = _wait(_find(data_dir), GRACE_SECONDS)
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    for process in _wait(left, GRACE_SECONDS):
        with contextlib.suppress(psutil.Error):
            process.kill()


def _find(data_dir: Path) -> list[psutil.Process]:
    family = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [
        process
        for process in psutil.process_iter()
        if process.pid not in family and _is_ours(process, data_dir)
    ]


def _is_ours(process: psutil.Process, data_dir: Path) -> bool:
    # Every process of the tree has both variables, even if it has changed its name.
    with contextlib.suppress(psutil.Error, OSError):
        environment = process.environ()
        return PARENT_VARIABLE in environment and environment.get("DATA_DIR") == str(data_dir)
    return False


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    # psutil.wait_procs would wait for zombies, which only their own parents can reap.
    deadline = time.monotonic() + seconds
    while (left := [p for p in processes if _runs(p)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
