"""Watch the programs while the board starts and runs."""

import contextlib
import os
import re
import select
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.errors import OperatorError
from app.launcher import append_only_file, supervisor_config
from app.launcher.supervisor import CALL_ERRORS, Daemon

INTERVAL = 0.5  # s between two checks while something is not running
# s until the next check while all run, in case the end of a process was not noticed.
LONGEST_WAIT = 60.0
# A program that ends so often while the board starts would go on doing so. supervisord starts it again
# after 1 s, then after 2 s.
MAX_ENDS = 3
SHOWN_LINES = 3
_REASON = re.compile(r"\b(PANIC|FATAL|ERROR|DETAIL|HINT): ")
# The end of the line that Valkey writes, and would write each time.
DAMAGED_FILE = "valkey-check-aof --fix"


def watch(daemon: Daemon) -> None:
    """Print a line for each restart of a program, until supervisord dies. Then raises OperatorError."""
    last = _pids(daemon)
    while True:
        wait_for_end([daemon.process.pid, *_pids(daemon).values()])
        check(daemon)
        now = _pids(daemon)
        for name in now:
            if now[name] != last.get(name) and now[name]:
                print(f"upvote: {name} had stopped and was restarted", flush=True)
        last = {name: pid or last.get(name, 0) for name, pid in now.items()}


def wait_for_end(pids: Sequence[int], longest: float = LONGEST_WAIT) -> None:
    """Return a moment after one of the processes has ended, or `longest` s later.

    Where the system cannot tell, or one does not run, return after INTERVAL.
    """
    with contextlib.ExitStack() as stack, contextlib.suppress(AttributeError, OSError):
        poll = select.poll()
        for pid in pids:
            descriptor = os.pidfd_open(pid)
            stack.callback(os.close, descriptor)
            poll.register(descriptor, select.POLLIN)
        if not poll.poll(longest * 1000):
            return
    time.sleep(INTERVAL)


def check(daemon: Daemon) -> None:
    """Restart programs that supervisord has given up. Raises OperatorError if supervisord is dead."""
    if not daemon.alive():
        log = supervisor_config.log_of(daemon.data_dir, "supervisord")
        raise OperatorError(
            f"supervisord was killed and the board stopped: start it again, or see {log}"
        )
    for name, info in _programs(daemon).items():
        if info["statename"] == "FATAL":
            print(f"upvote: {name} keeps failing ({info['spawnerr']}); trying again", flush=True)
            daemon.start(name)


class StartCheck:
    """Checks the programs while the board starts, so that nobody waits for one that ends each time."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._ends: dict[str, set[int]] = defaultdict(set)  # program -> the times (s) when it ended
        self._sizes = {name: _size(_log_of(daemon, name)) for name in supervisor_config.SERVERS}

    def __call__(self) -> None:
        """Raise OperatorError, after the last lines of its log, if a program has ended for good."""
        check(self._daemon)
        for name, info in _programs(self._daemon).items():
            if info["stop"]:
                self._ends[name].add(info["stop"])
                self._judge(name, len(self._ends[name]))

    def _judge(self, name: str, ends: int) -> None:
        if name not in supervisor_config.SERVERS:
            if ends >= MAX_ENDS:
                raise OperatorError(f"{name} ends each time it is started: see its messages above")
            return
        lines = self._log_lines(name)
        is_damaged = any(DAMAGED_FILE in line for line in lines[-SHOWN_LINES:])
        if not is_damaged and ends < MAX_ENDS:
            return
        for line in telling_lines(lines):
            print(f"upvote: {name}: {line}", file=sys.stderr, flush=True)
        if is_damaged:
            directory = self._daemon.data_dir / "valkey"
            raise OperatorError(
                "Valkey's append-only file is damaged (the reason is above). "
                f"{append_only_file.advice(directory)}"
            )
        raise OperatorError(
            f"{name} ends each time it is started (the reason is above): "
            f"see {_log_of(self._daemon, name)}"
        )

    def _log_lines(self, name: str) -> list[str]:
        """Return the last lines that the program has written since the start."""
        log = _log_of(self._daemon, name)
        try:
            with log.open("rb") as file:
                file.seek(self._sizes[name] if self._sizes[name] <= _size(log) else 0)  # it was rotated
                lines = file.read().decode(errors="replace").split("\n")
        except OSError:
            return []
        return [line.strip() for line in lines if line.strip()]


def telling_lines(lines: list[str]) -> list[str]:
    """Return the last lines of a server's log that say why it ended, or else its last lines.

    Behind the reason PostgreSQL tells how it shuts down.
    """
    return ([line for line in lines if _REASON.search(line)] or lines)[-SHOWN_LINES:]


def _log_of(daemon: Daemon, name: str) -> Path:
    return supervisor_config.log_of(daemon.data_dir, name)


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _pids(daemon: Daemon) -> dict[str, int]:
    return {name: info["pid"] for name, info in _programs(daemon).items()}


def _programs(daemon: Daemon) -> dict[str, dict[str, Any]]:
    """Return the programs; {} if supervisord is busy or has just died, which the next check shows."""
    try:
        return daemon.programs()
    except CALL_ERRORS:
        return {}
