"""Reads what the processes of a running board use: CPU time, memory, and how often they wake."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import psutil

# A part of the command line -> what the process is, in the table's words. The first that fits counts.
NAMES = {
    "supervisor.supervisord": "supervisord",
    "spawn_main": "web, the process that serves",
    "resource_tracker": "web, Python's resource tracker",
    "valkey-server": "Valkey",
    "app.server.web": "web, the process that starts it",
    "app.commands worker": "worker",
    "launcher.launch watch": "serve",
}


@dataclass(frozen=True)
class Usage:
    """What one process has used: CPU (s) with its ended children, PSS (bytes), and times it waited."""

    name: str
    cpu: float
    pss: int
    wakes: int


def read_tree(root: int) -> dict[int, Usage]:
    """Return what a process and each of its descendants has used so far, by process id."""
    tree, parent = {}, psutil.Process(root)
    for process in (parent, *parent.children(recursive=True)):
        with contextlib.suppress(psutil.Error, OSError):  # it has just ended
            tree[process.pid] = _usage(process)
    return tree


def _usage(process: psutil.Process) -> Usage:
    times = process.cpu_times()
    cpu = times.user + times.system + times.children_user + times.children_system
    return Usage(_name(process.cmdline()), cpu, _pss(process.pid), _wakes(process.pid))


def _name(words: list[str]) -> str:
    line = " ".join(words)
    if line.startswith("postgres: "):
        return "PostgreSQL, a connection" if "[local]" in line else "PostgreSQL, a helper"
    if words[0].endswith("/postgres"):
        return "PostgreSQL, the server"
    return next((name for part, name in NAMES.items() if part in line), words[-1])


def _pss(pid: int) -> int:
    """Return the memory of a process, with its share of what it has in common with others (bytes)."""
    return _sum(Path(f"/proc/{pid}/smaps_rollup"), "Pss:") * 1024


def _wakes(pid: int) -> int:
    """Return how often the threads of a process have waited for something, and have gone on."""
    threads = Path(f"/proc/{pid}/task").glob("*/status")
    return sum(_sum(status, "voluntary_ctxt_switches:") for status in threads)


def _sum(file: Path, field: str) -> int:
    return sum(int(line.split()[1]) for line in file.read_text().splitlines() if line.startswith(field))
