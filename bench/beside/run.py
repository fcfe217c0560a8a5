"""Runs the chosen activities on a new board, and writes the figures."""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.beside import jobs, report, requests, strain
from bench.beside.activity import Activity
from bench.beside.board import VOTE_RATE, open_beside
from bench.beside.measure import check_counts, measure
from bench.beside.stored import Sizes, store
from bench.machine import machine

ACTIVITIES = (*requests.ACTIVITIES, *jobs.ACTIVITIES, *strain.ACTIVITIES)


@dataclass(frozen=True)
class Options:
    """How a run is made; `stored` is a directory that keeps the data for the next run."""

    keep: bool
    seconds: float = 10
    rate: float = VOTE_RATE
    webs: int = 1
    sizes: Sizes = field(default_factory=Sizes)
    stored: Path | None = None


def run(options: Options, activities: Sequence[Activity] = ACTIVITIES) -> int:
    """Measure, print and write the figures; return 1 if something failed, else 0."""
    return asyncio.run(_run(options, activities))


async def _run(options: Options, activities: Sequence[Activity]) -> int:
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="upvote-bench-") as directory:
        data_dir = await _stored(Path(directory), options)
        async with open_beside(data_dir, options.webs, options.rate) as board:
            rows = await measure(board, activities, options.seconds)
            problems = await check_counts(board)
            about = await machine(board.bench, before)
    print(report.table(rows))
    print(
        "\n".join(problems or ["Voters and PostgreSQL counted the same votes; verify finds no fault."])
    )
    if not options.keep:
        report.write(rows, problems, about)
    return 1 if problems or any(row.errors or row.problem for row in rows) else 0


async def _stored(directory: Path, options: Options) -> Path:
    """Return a directory with the stored board: a copy, if it is kept for the next run."""
    kept = options.stored
    if kept is None or not kept.exists():
        await store(kept or directory, options.sizes)
    if kept is not None:
        subprocess.run(["cp", "-a", f"{kept}/.", directory], check=True)  # noqa: ASYNC221
    os.sync()  # else the disk would be busy with it for minutes, and Valkey would wait
    return directory
