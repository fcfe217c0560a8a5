"""`python -m bench.small`: measures `upvote serve` while nobody uses it, on a DATA_DIR of its own.

It measures two starts (with a new DATA_DIR, and again), then how much CPU time and memory each process
needs, and how often it wakes. Reads /proc, so it needs Linux.
"""

import argparse
import contextlib
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from app.commands.signals import interrupt_on_signals
from bench import small_report
from bench.process_tree import Usage, read_tree
from bench.small_report import Part, Small, Start
from tests.launcher.board import ServedBoard
from tests.ports import free_port

SECONDS = 180  # of which the CPU time is measured
REST = 90  # s before, so that connections which only the start needed are closed
ATTEMPT_SECONDS = 5.0  # for one answer


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m bench.small", description=__doc__)
    arguments.add_argument("--seconds", type=int, default=SECONDS, help="how long to measure the CPU")
    arguments.add_argument("--keep", action="store_true", help="keep the results in the docs")
    given = arguments.parse_args()
    interrupt_on_signals()
    run(given.seconds, keep=given.keep)
    return 0


def run(seconds: int, *, keep: bool) -> None:
    """Measure, print the table, and write it to the docs unless `keep`."""
    result = measure(seconds)
    print(small_report.table(result))
    if not keep:
        small_report.write(result)


def measure(seconds: int) -> Small:
    """Start a board twice, and leave it alone for so many seconds."""
    data_dir = Path(tempfile.mkdtemp(prefix="upvote-small-"))
    try:
        with _started(data_dir) as (_, first):
            pass
        with _started(data_dir) as (board, second):
            time.sleep(REST)
            return Small(seconds, first, second, _measure_idle(board.process.pid, seconds))
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


@contextlib.contextmanager
def _started(data_dir: Path) -> Iterator[tuple[ServedBoard, Start]]:
    """Start a board; yield it with what its start took, and stop it."""
    began = time.monotonic()
    board = ServedBoard(data_dir, free_port())
    try:
        page = _wait(lambda: _answers(board.port, "/"), began)
        ready = _wait(lambda: _answers(board.port, "/readyz"), began)
        board.wait_until_up()
        cpu = sum(usage.cpu for usage in read_tree(board.process.pid).values())
        start = Start(page, ready, cpu)
        print(f"start: {start}", file=sys.stderr, flush=True)
        yield board, start
        board.press_ctrl_c()
        board.wait_for_end()
    finally:
        board.end()


def _wait(condition: Callable[[], bool], began: float) -> float:
    """Wait for the condition; return how long ago (s) `began` is then."""
    while not condition():
        time.sleep(0.01)
    return time.monotonic() - began


def _answers(port: int, path: str) -> bool:
    with contextlib.suppress(OSError):
        url = f"http://127.0.0.1:{port}{path}"
        return bool(urllib.request.urlopen(url, timeout=ATTEMPT_SECONDS).status == 200)
    return False


def _measure_idle(pid: int, seconds: int) -> list[Part]:
    before, began = read_tree(pid), time.monotonic()
    time.sleep(seconds)
    after, passed = read_tree(pid), time.monotonic() - began
    parts: dict[str, list[Part]] = {}
    for process, usage in after.items():
        old = before.get(process, Usage(usage.name, 0.0, 0, 0))
        cpu, wakes = (usage.cpu - old.cpu) / passed, (usage.wakes - old.wakes) / passed
        parts.setdefault(usage.name, []).append(Part(usage.name, 1, cpu, wakes, usage.pss))
    return [small_report.total(name, of_name) for name, of_name in parts.items()]


if __name__ == "__main__":
    sys.exit(main())
