"""`make bench`: measures all figures in one run, prints them, and writes them to the docs."""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from app.commands.signals import interrupt_on_signals
from app.errors import OperatorError
from bench import figures, report, small
from bench.beside import run as beside
from bench.board import BenchBoard, open_board
from bench.figures import Count, Figure
from bench.machine import machine
from bench.wrk import require_wrk


def main() -> int:
    arguments = argparse.ArgumentParser(prog="make bench", description=__doc__)
    arguments.add_argument(
        "--sustained",
        type=int,
        default=60,
        help="duration of the run at 5,000 votes a second, in seconds (default: 60)",
    )
    arguments.add_argument(
        "--keep", action="store_true", help="keep the results in the docs instead of overwriting them"
    )
    arguments.add_argument(
        "--idle",
        type=int,
        default=small.SECONDS,
        help="duration of the part without requests, in seconds (default: 180)",
    )
    given = arguments.parse_args()
    interrupt_on_signals()
    try:
        require_wrk()
        code = asyncio.run(run(given.sustained, keep=given.keep))
        small.run(given.idle, keep=given.keep)
        return code or beside.run(beside.Options(given.keep))
    except OperatorError as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1


async def run(sustained: int, *, keep: bool) -> int:
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="upvote-bench-") as directory:
        async with open_board(Path(directory)) as board:
            found, problems = await measure(board, sustained)
            result = report.Result(found, problems, await machine(board, before))
    print(report.table(result))
    if not keep:
        report.write(result)
    return 1 if problems or any(figure.errors for figure in found) else 0


async def measure(board: BenchBoard, sustained: int) -> tuple[list[Figure], list[str]]:
    """Measure and print every figure; return the figures, and any problems with the vote counts."""
    count, found = Count(), []
    found += print_figures(await figures.measure_baselines(board, count))
    found += print_figures(await figures.measure_votes(board, count))
    found += print_figures([await figures.measure_drain(board)])
    found += print_figures(await figures.measure_sustained(board, count, 5_000, sustained))
    await figures.measure_drain(board)
    problems = await figures.check_counts(board, count)
    found += print_figures(await figures.measure_pages(board))
    found += print_figures(await figures.measure_sync(board))
    return found, problems


def print_figures(found: list[Figure]) -> list[Figure]:
    """Print the figures to stderr, one line each, and return them."""
    for figure in found:
        print(f"{figure.name}: {figure.value:,.1f} {figure.unit}", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
