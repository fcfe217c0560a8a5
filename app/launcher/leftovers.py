"""Processes of an earlier `serve` on the same DATA_DIR that was killed and has not quite ended."""

import contextlib
import os
import time
from pathlib import Path

import psutil

from app.server.parent import PARENT_VARIABLE

GRACE = 15.0  # s that they get to stop in good order; they have been told by the kernel


def clear(data_dir: Path) -> None:
    """Wait until they are gone, then stop, then kill what is still there. We hold the lock."""
    left = _wait(_find(data_dir), GRACE)
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    for process in _wait(left, GRACE):
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
    # Every process of the tree carries both variables, whatever its name became.
    with contextlib.suppress(psutil.Error, OSError):
        environment = process.environ()
        return PARENT_VARIABLE in environment and environment.get("DATA_DIR") == str(data_dir)
    return False


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    # Not psutil.wait_procs: they are children of others, and zombies nobody reaps would hold us up.
    deadline = time.monotonic() + seconds
    while (left := [p for p in processes if _runs(p)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
