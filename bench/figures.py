"""Measures the figures of votes, pages and the worker on a board."""

import asyncio
import os
import time
from dataclasses import dataclass, field

from app.demo import cast_with_retries
from app.services import Services, open_services
from app.voting import keys
from app.voting.votes import Vote
from bench import queries
from bench.board import USERS, BenchBoard, baseline
from bench.cpu import cpu_seconds, per_vote
from bench.model import votes_a_second
from bench.wrk import CONNECTIONS, Load
from tests.processes import running
from workers.sync_tallies import sync_tallies

SECONDS = 6
WARM_UP = 2  # s before each run, or more, to open connections, fill caches and hydrate projects
PACED_RATE = 2_000  # votes a second
CONCURRENT_VOTES = 20  # on cold projects, each of which needs a connection to PostgreSQL


@dataclass(frozen=True)
class Figure:
    """One row of the table: `value` in `unit`, with p50 and p99 (ms) if it is about requests."""

    name: str
    value: float
    unit: str
    goal: str = ""
    p50: float | None = None
    p99: float | None = None
    errors: int = 0
    over_noop: bool = False  # whether the ratio to the no-op is meaningful
    cpu: dict[str, float] = field(default_factory=dict)  # us a request, by role


def of_load(
    name: str, load: Load, unit: str, goal: str = "", cpu: dict[str, float] | None = None
) -> Figure:
    return Figure(name, load.rate, unit, goal, load.p50, load.p99, load.errors, True, cpu or {})


class Count:
    """Counts the votes known to be accepted, and the votes in flight whose outcome is unknown."""

    def __init__(self) -> None:
        self.seen = self.in_flight = 0

    def add(self, load: Load) -> Load:
        self.seen += load.requests - load.errors
        self.in_flight += CONNECTIONS + load.errors
        return load


async def measure_baselines(board: BenchBoard, count: Count) -> list[Figure]:
    async with baseline("noop", board.settings) as port:
        await board.get(port, "/", WARM_UP)
        noop = await board.get(port, "/", SECONDS)
    async with baseline("plain_app", board.settings) as port:
        count.add(await board.vote(port, WARM_UP))
        plain = count.add(await board.vote(port, SECONDS))
    return [
        of_load("raw ASGI no-op, one worker", noop, "requests/s"),
        of_load("plain Quart route, one Redis call a vote", plain, "votes/s"),
    ]


async def measure_votes(board: BenchBoard, count: Count) -> list[Figure]:
    figures = []
    for workers in (1, 2):
        async with board.web(workers) as port:
            await _warm_up(board, port, count, workers)
            if workers == 1:
                # This run is first, because Valkey rewrites its file once the stream is long.
                load = count.add(await board.vote(port, SECONDS, PACED_RATE))
                figures.append(of_load("votes at 2,000 a second, 1 web", load, "votes/s", "p99 5 ms"))
            for fsync, goal in (("everysec", "12,000"), ("always", "8,000")):
                await board.redis.config_set("appendfsync", fsync)
                before = cpu_seconds()
                load = count.add(await board.vote(port, SECONDS))
                cpu = per_vote(before, load.requests) | {"wrk": 1e6 * load.cpu / load.requests}
                name = f"votes, {workers} web, appendfsync {fsync}"
                figures.append(of_load(name, load, "votes/s", goal, cpu))
            await board.redis.config_set("appendfsync", "everysec")
    return [*figures, *compare_model(figures)]


async def _warm_up(board: BenchBoard, port: int, count: Count, workers: int) -> None:
    """Vote until each process has met nearly every user, since it remembers the cookies it has checked.

    Otherwise the figures of a slow machine would contain more of these checks than those of a fast one.
    """
    voted = 0
    while voted < workers * USERS:
        voted += count.add(await board.vote(port, WARM_UP)).requests


def compare_model(figures: list[Figure]) -> list[Figure]:
    """Return the votes a second of the model in docs/scaling.md, divided by the measured ones.

    The model takes the costs that were measured with one web process.
    """
    seen = [figure for figure in figures if "everysec" in figure.name]
    return [
        Figure(
            f"… capacity model over measured, {webs} web",
            votes_a_second(seen[0].cpu, webs, os.cpu_count() or 1) / figure.value,
            "x",
            "0.75 to 1.25",
        )
        for webs, figure in enumerate(seen, 1)
    ]


async def measure_pages(board: BenchBoard) -> list[Figure]:
    figures = []
    async with board.web() as port:
        for who, signed_in, goal in (("anonymous", False, "3,000"), ("signed in", True, "1,000")):
            await board.get(port, "/", WARM_UP, signed_in=signed_in)
            load = await board.get(port, "/", SECONDS, signed_in=signed_in)
            figures.append(of_load(f"front page, {who}", load, "pages/s", goal))
        load = await board.get(port, "/", SECONDS, signed_in=True, rate=200)
        figures.append(of_load("front page, signed in, at 200 a second", load, "pages/s", "p99 25 ms"))
    return figures


async def measure_drain(board: BenchBoard) -> Figure:
    """Persist all waiting events; return the rate."""
    async with open_services(board.settings, query_seconds=60) as services:
        waiting = await board.redis.xlen(keys.events(0))
        start = time.perf_counter()
        await services.persist_events()
        taken = time.perf_counter() - start
    return Figure("worker persists", waiting / taken, "events/s", "50,000")


async def measure_sync(board: BenchBoard) -> list[Figure]:
    figures = []
    # The limits are off, because one user votes on all projects.
    unlimited = board.settings.model_copy(update={"rate_limit_max": 0, "account_limit_max": 0})
    async with open_services(unlimited, query_seconds=60) as services:
        for number, goal in ((10_000, "1,000 ms"), (100, "50 ms")):
            await sync_tallies(services)
            await _change(services, board, number)
            start = time.perf_counter()
            await sync_tallies(services)
            taken = 1000 * (time.perf_counter() - start)
            figures.append(Figure(f"sync of {number:,} tallies", taken, "ms", goal))
        await services.persist_events()
    return figures


async def _change(services: Services, board: BenchBoard, number: int) -> None:
    """Cast one vote on each of `number` projects, all by a user who casts no other votes."""
    user = board.extra_users[number]
    for start in range(0, number, CONCURRENT_VOTES):
        votes = [Vote(p, user, 1) for p in board.project_ids[start : start + CONCURRENT_VOTES]]
        # Most of the projects are cold, and hydrating one may exceed the timeout of a vote.
        await asyncio.gather(*[cast_with_retries(services.batcher, vote) for vote in votes])


async def measure_sustained(board: BenchBoard, count: Count, rate: int, seconds: int) -> list[Figure]:
    """Measure votes at a steady rate while the worker runs, and the age of the oldest waiting event."""
    ages: list[float] = []
    async with board.web() as port, running("worker", board.settings):
        count.add(await board.vote(port, WARM_UP))
        watching = asyncio.create_task(_watch(board, ages))
        before = cpu_seconds()
        load = count.add(await board.vote(port, seconds, rate))
        cpu = per_vote(before, load.requests)
        watching.cancel()
    name = f"votes at {rate:,} a second for {seconds} s, worker beside"
    return [
        of_load(name, load, "votes/s", cpu=cpu),
        Figure("… age of the oldest waiting event", max(ages), "s", "3 s"),
    ]


async def _watch(board: BenchBoard, ages: list[float]) -> None:
    """Every 0.2 s, append the age (s) of the oldest event in the stream, by the clock of Redis."""
    while True:
        await asyncio.sleep(0.2)
        for entry_id, _ in await board.redis.xrange(keys.events(0), count=1):
            seconds, microseconds = await board.redis.time()
            ages.append(seconds + microseconds / 1e6 - int(entry_id.partition(b"-")[0]) / 1000)


async def check_counts(board: BenchBoard, count: Count) -> list[str]:
    """Compare the vote counts after the drain; return the problems, or an empty list."""
    accepted = await _accepted(board)
    events = await queries.count_events(board.db)
    problems = []
    if not count.seen <= accepted <= count.seen + count.in_flight:
        problems.append(f"wrk saw {count.seen} votes accepted, Redis counted {accepted}")
    if events != accepted:
        problems.append(f"Redis accepted {accepted} votes, PostgreSQL has {events} events")
    return problems


async def _accepted(board: BenchBoard) -> int:
    """Return the number of accepted votes: each is a change, so it is the sum of all versions."""
    total = 0
    async for key in board.redis.scan_iter(keys.all_tallies(0), count=1000):
        total += int(await board.redis.hget(key, "version"))
    return total
