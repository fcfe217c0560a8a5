"""`make bench`: all figures of one run, printed and written to results.json and the chart."""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from app.errors import OperatorError
from bench import figures, report
from bench.figures import Count, Figure
from bench.machine import machine
from bench.stage import Stage, set_up
from bench.wrk import require_wrk


def main() -> int:
    arguments = argparse.ArgumentParser(prog="make bench", description=__doc__)
    arguments.add_argument("--sustained", type=int, default=60, help="seconds at 5,000 votes a second")
    arguments.add_argument("--keep", action="store_true", help="do not overwrite the docs' results")
    given = arguments.parse_args()
    try:
        require_wrk()
        return asyncio.run(run(given.sustained, keep=given.keep))
    except OperatorError as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1


async def run(sustained: int, *, keep: bool) -> int:
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="upvote-bench-") as directory:
        async with set_up(Path(directory)) as stage:
            found, problems = await measure(stage, sustained)
            result = report.Result(found, problems, await machine(stage, before))
    print(report.table(result))
    if not keep:
        report.write(result)
    return 1 if problems or any(figure.errors for figure in found) else 0


async def measure(stage: Stage, sustained: int) -> tuple[list[Figure], list[str]]:
    """Every figure in turn, said as it is found; and what is wrong with the counts at the end."""
    count, found = Count(), []
    found += said(await figures.measure_yardsticks(stage, count))
    found += said(await figures.measure_votes(stage, count))
    found += said([await figures.measure_drain(stage)])
    found += said(await figures.measure_sustained(stage, count, 5_000, sustained))
    await figures.measure_drain(stage)
    problems = await figures.check_counts(stage, count)
    found += said(await figures.measure_pages(stage))
    found += said(await figures.measure_sync(stage))
    return found, problems


def said(found: list[Figure]) -> list[Figure]:
    for figure in found:
        print(f"{figure.name}: {figure.value:,.1f} {figure.unit}", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
