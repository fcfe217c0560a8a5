"""Checks the programs while the board starts, so that it does not wait for one that ends each time."""

import re
import sys
from collections import defaultdict
from pathlib import Path

from app.errors import OperatorError
from app.launcher import append_only_file, supervisor_config
from app.launcher.supervisor import Daemon

# A program that ends so often while the board starts would go on doing so. supervisord starts it again
# after 1 s, then after 2 s.
MAX_ENDS = 3
SHOWN_LINES = 3
_REASON = re.compile(r"\b(PANIC|FATAL|ERROR|DETAIL|HINT): ")
# The end of the line that Valkey writes, and would write each time.
DAMAGED_FILE = "valkey-check-aof --fix"


class StartCheck:
    """Remembers how often each program has ended since the start began."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._ends: dict[str, set[int]] = defaultdict(set)  # program -> the times (s) when it ended
        self._sizes = {name: _size(_log_of(daemon, name)) for name in supervisor_config.SERVERS}

    def __call__(self) -> None:
        """Raise OperatorError, after the last lines of its log, if a program has ended for good."""
        self._daemon.check()
        for name, info in self._daemon.programs().items():
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
        for line in reason_lines(lines):
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


def reason_lines(lines: list[str]) -> list[str]:
    """Return the last lines of a server's log that say why it ended, or else its last lines.

    PostgreSQL logs how it shuts down after the reason.
    """
    return ([line for line in lines if _REASON.search(line)] or lines)[-SHOWN_LINES:]


def _log_of(daemon: Daemon, name: str) -> Path:
    return supervisor_config.log_of(daemon.data_dir, name)


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0
