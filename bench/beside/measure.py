"""Measures votes and pages in windows: without other work, and beside each activity."""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from bench.beside import queries
from bench.beside.activity import Activity
from bench.beside.answers import OTHER, PAGE, VOTE, Answer, Times, errors, times, warn
from bench.beside.board import BesideBoard

PAUSE = 1.5  # s between two windows, for what the last one has left to do
CEILING = 600.0  # s after which an activity that does not end has failed
LEAST = 1.0  # s that a window lasts at least


@dataclass(frozen=True)
class Window:
    """The answers to votes and pages that were sent in a stretch of time, and to others meanwhile.

    `stolen` is the part (0 to 1) of the processors' time that the host of a virtual machine kept.
    """

    seconds: float
    answers: list[Answer]
    asked: list[Answer]
    stolen: float = 0.0


@dataclass
class Row:
    """The figures of one activity, and those of the quiet windows before and after it."""

    name: str
    seconds: float
    votes: Times
    pages: Times
    others: Times  # the activity's own requests
    quiet_votes: Times
    quiet_pages: Times
    errors: int
    problem: str = ""
    stolen: float = 0.0

    @property
    def multiple(self) -> float:
        """Return the votes' p99 beside the activity, divided by that of the quiet windows."""
        return self.votes.p99 / self.quiet_votes.p99 if self.quiet_votes.p99 else 0.0

    @property
    def page_multiple(self) -> float:
        return self.pages.p99 / self.quiet_pages.p99 if self.quiet_pages.p99 else 0.0


@dataclass
class _Measured:
    name: str
    window: Window
    problem: str


async def measure(board: BesideBoard, activities: Sequence[Activity], seconds: float) -> list[Row]:
    """Measure each activity between two quiet windows of `seconds`."""
    await _window(board, asyncio.sleep(2))  # opens connections and fills caches
    quiet, measured = [await _quiet(board, seconds)], list[_Measured]()
    for activity in activities:
        measured.append(await _beside(board, activity, seconds))
        quiet.append(await _quiet(board, seconds))
        warn(_line(_row(measured[-1], quiet[-2:])))
    return [_row(found, quiet[n : n + 2]) for n, found in enumerate(measured)]


async def _quiet(board: BesideBoard, seconds: float) -> Window:
    await asyncio.sleep(PAUSE)
    return await _window(board, asyncio.sleep(seconds))


async def _beside(board: BesideBoard, activity: Activity, seconds: float) -> _Measured:
    problem, window = "", Window(0, [], [])
    try:
        async with activity.prepare(board) as work:
            await asyncio.sleep(PAUSE)
            async with asyncio.timeout(CEILING):
                window = await _window(board, work(seconds))
    except Exception as error:
        traceback.print_exc()
        problem = repr(error)[:200]
    return _Measured(activity.name, window, problem)


async def _window(board: BesideBoard, work: Awaitable[None]) -> Window:
    """Return what was sent while the work went on."""
    await board.crowd.report()
    board.asked.clear()
    start, processors = time.monotonic(), psutil.cpu_times()
    await work
    await asyncio.sleep(max(0, start + LEAST - time.monotonic()))
    end = time.monotonic()
    stolen = _stolen(processors, psutil.cpu_times())
    answers = [a for a in await board.crowd.report() if start <= a.sent < end]
    return Window(end - start, answers, list(board.asked), stolen)


def _stolen(before: Any, after: Any) -> float:
    """Return the part of the time between two readings of psutil that the host kept, if it says so."""
    total = sum(after) - sum(before)
    return (after.steal - before.steal) / total if total and hasattr(after, "steal") else 0.0


def _row(found: _Measured, quiet: Sequence[Window]) -> Row:
    calm = [answer for window in quiet for answer in window.answers]
    window = found.window
    return Row(
        found.name, window.seconds,
        times(window.answers, VOTE), times(window.answers, PAGE), times(window.asked, OTHER),
        times(calm, VOTE), times(calm, PAGE),
        errors([*window.answers, *window.asked]) + errors(calm), found.problem, window.stolen,
    )  # fmt: skip


def _line(row: Row) -> str:
    return (
        f"{row.name}: {row.seconds:.1f} s, votes p50 {row.votes.p50:.1f}, p99 {row.votes.p99:.1f} ms, "
        f"{row.multiple:.1f} times quiet ({row.quiet_votes.p99:.1f}), longest {row.votes.longest:.0f}; "
        f"page p99 {row.pages.p99:.0f} ({row.quiet_pages.p99:.0f}), own longest "
        f"{row.others.longest:.0f} of {row.others.count}, errors {row.errors} {row.problem}, "
        f"stolen {row.stolen:.1%}"
    )


async def check_counts(board: BesideBoard) -> list[str]:
    """Stop the votes, and compare their number with the events; return the problems."""
    await board.crowd.stop()
    await board.services.persist_events()
    crowd, others = board.crowd, list(board.bench.extra_users.values())
    events = await queries.count_voters_events(board.bench.db, others)
    problems = []
    if not crowd.accepted <= events <= crowd.accepted + crowd.unknown:
        problems.append(f"{crowd.accepted:,} votes were accepted, PostgreSQL has {events:,}")
    try:
        await board.command("verify")
    except RuntimeError as error:
        problems.append(str(error))
    return problems
