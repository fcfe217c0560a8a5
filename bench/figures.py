"""The figures of the vote path, the pages and the worker, each measured on a stage."""

import asyncio
import os
import time
from dataclasses import dataclass, field

from app.demo import cast_patiently
from app.services import Services, open_services
from app.voting import keys
from app.voting.votes import Vote
from bench import queries
from bench.cpu import cpu_seconds, per_vote
from bench.model import votes_a_second
from bench.stage import Stage, yardstick
from bench.wrk import CONNECTIONS, Load
from tests.processes import running
from workers.sync_tallies import sync_tallies

SECONDS = 6
WARM = 2  # s before each run: connections, caches, hydration
PACED = 2_000  # votes a second
AT_ONCE = 20  # votes on cold projects, of which each takes a connection to PostgreSQL


@dataclass(frozen=True)
class Figure:
    """One line of the table: `value` in `unit`; p50 and p99 in ms where requests were made."""

    name: str
    value: float
    unit: str
    goal: str = ""
    p50: float | None = None
    p99: float | None = None
    errors: int = 0
    over_noop: bool = False  # whether a ratio to the no-op says something
    cpu: dict[str, float] = field(default_factory=dict)  # us a request, by role


def of_load(
    name: str, load: Load, unit: str, goal: str = "", cpu: dict[str, float] | None = None
) -> Figure:
    return Figure(name, load.rate, unit, goal, load.p50, load.p99, load.errors, True, cpu or {})


class Count:
    """Votes that the load generator has seen accepted, and the most that were on their way beside."""

    def __init__(self) -> None:
        self.seen = self.on_their_way = 0

    def add(self, load: Load) -> Load:
        self.seen += load.requests - load.errors
        self.on_their_way += CONNECTIONS + load.errors
        return load


async def measure_yardsticks(stage: Stage, count: Count) -> list[Figure]:
    async with yardstick("noop", stage.settings) as port:
        await stage.get(port, "/", WARM)
        noop = await stage.get(port, "/", SECONDS)
    async with yardstick("plain_app", stage.settings) as port:
        count.add(await stage.vote(port, WARM))
        plain = count.add(await stage.vote(port, SECONDS))
    return [
        of_load("raw ASGI no-op, one worker", noop, "requests/s"),
        of_load("plain Quart route, one Redis call a vote", plain, "votes/s"),
    ]


async def measure_votes(stage: Stage, count: Count) -> list[Figure]:
    figures = []
    for workers in (1, 2):
        async with stage.web(workers) as port:
            count.add(await stage.vote(port, WARM))
            if workers == 1:  # first: when a stream has grown long, Valkey rewrites its file
                load = count.add(await stage.vote(port, SECONDS, PACED))
                figures.append(of_load("votes at 2,000 a second, 1 web", load, "votes/s", "p99 5 ms"))
            for fsync, goal in (("everysec", "12,000"), ("always", "8,000")):
                await stage.redis.config_set("appendfsync", fsync)
                before = cpu_seconds()
                load = count.add(await stage.vote(port, SECONDS))
                cpu = per_vote(before, load.requests) | {"wrk": 1e6 * load.cpu / load.requests}
                name = f"votes, {workers} web, appendfsync {fsync}"
                figures.append(of_load(name, load, "votes/s", goal, cpu))
            await stage.redis.config_set("appendfsync", "everysec")
    return [*figures, *check_model(figures)]


def check_model(figures: list[Figure]) -> list[Figure]:
    """What the model of docs/scaling.md says by the costs with one web, over what was measured."""
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


async def measure_pages(stage: Stage) -> list[Figure]:
    figures = []
    async with stage.web() as port:
        for who, signed_in, goal in (("anonymous", False, "3,000"), ("signed in", True, "1,000")):
            await stage.get(port, "/", WARM, signed_in=signed_in)
            load = await stage.get(port, "/", SECONDS, signed_in=signed_in)
            figures.append(of_load(f"front page, {who}", load, "pages/s", goal))
        load = await stage.get(port, "/", SECONDS, signed_in=True, rate=200)
        figures.append(of_load("front page, signed in, at 200 a second", load, "pages/s", "p99 25 ms"))
    return figures


async def measure_drain(stage: Stage) -> Figure:
    """Persist all that waits; the web runs above have left it."""
    async with open_services(stage.settings, query_seconds=60) as services:
        waiting = await stage.redis.xlen(keys.events(0))
        start = time.perf_counter()
        await services.persist_events()
        taken = time.perf_counter() - start
    return Figure("worker persists", waiting / taken, "events/s", "50,000")


async def measure_sync(stage: Stage) -> list[Figure]:
    figures = []
    # Nobody's limit is the matter here: one user votes on all projects.
    unlimited = stage.settings.model_copy(update={"rate_limit_max": 0, "account_limit_max": 0})
    async with open_services(unlimited, query_seconds=60) as services:
        for number, goal in ((10_000, "1,000 ms"), (100, "50 ms")):
            await sync_tallies(services)
            await _change(services, stage, number)
            start = time.perf_counter()
            await sync_tallies(services)
            taken = 1000 * (time.perf_counter() - start)
            figures.append(Figure(f"sync of {number:,} tallies", taken, "ms", goal))
        await services.persist_events()
    return figures


async def _change(services: Services, stage: Stage, number: int) -> None:
    """One vote on each of so many projects, by somebody who casts nothing else."""
    user = stage.outsiders[number]
    for start in range(0, number, AT_ONCE):
        votes = [Vote(p, user, 1) for p in stage.project_ids[start : start + AT_ONCE]]
        # Most of the projects are cold: hydrating one may take longer than a voter would wait.
        await asyncio.gather(*[cast_patiently(services.batcher, vote) for vote in votes])


async def measure_sustained(stage: Stage, count: Count, rate: int, seconds: int) -> list[Figure]:
    """Votes at a steady rate with the worker beside: how old the oldest waiting event gets."""
    ages: list[float] = []
    async with stage.web() as port, running("worker", stage.settings):
        count.add(await stage.vote(port, WARM))
        watching = asyncio.create_task(_watch(stage, ages))
        before = cpu_seconds()
        load = count.add(await stage.vote(port, seconds, rate))
        cpu = per_vote(before, load.requests)
        watching.cancel()
    name = f"votes at {rate:,} a second for {seconds} s, worker beside"
    return [
        of_load(name, load, "votes/s", cpu=cpu),
        Figure("… the oldest event that waits", max(ages), "s", "3 s"),
    ]


async def _watch(stage: Stage, ages: list[float]) -> None:
    """Every 0.2 s, the age (s) of the oldest event in the stream, by the clock of Redis."""
    while True:
        await asyncio.sleep(0.2)
        for entry_id, _ in await stage.redis.xrange(keys.events(0), count=1):
            seconds, microseconds = await stage.redis.time()
            ages.append(seconds + microseconds / 1e6 - int(entry_id.partition(b"-")[0]) / 1000)


async def check_counts(stage: Stage, count: Count) -> list[str]:
    """What is wrong with the counts after the drain; nothing, if all is well."""
    accepted = await _accepted(stage)
    events = await queries.count_events(stage.db)
    problems = []
    if not count.seen <= accepted <= count.seen + count.on_their_way:
        problems.append(f"wrk saw {count.seen} votes accepted, Redis counted {accepted}")
    if events != accepted:
        problems.append(f"Redis accepted {accepted} votes, PostgreSQL has {events} events")
    return problems


async def _accepted(stage: Stage) -> int:
    """Each vote of the bench is a change, so the versions of all tallies add up to them."""
    total = 0
    async for key in stage.redis.scan_iter(keys.all_tallies(0), count=1000):
        total += int(await stage.redis.hget(key, "version"))
    return total
