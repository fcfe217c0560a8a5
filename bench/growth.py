"""`python -m bench.growth`: compares boards with more and more stored votes, in about ten minutes.

Each board has the same 10,000 projects and 100,000 users, with 10^3, 10^5 or 10^7 votes, on new
servers. Then 30,000 other users vote on the 500 projects with the most votes. All projects are cached.
CPU is that of all processes except the load generator, so it shows growth even on a busy machine.
"""

import argparse
import asyncio
import dataclasses
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

from app.commands.signals import interrupt_on_signals
from app.demo.stored import load_stored
from app.errors import OperatorError
from app.operations.warm_up import rebuild
from app.services import Services, open_services
from app.voting import keys
from app.voting.votes import Vote
from bench import growth_report, queries
from bench.board import READERS, BenchBoard, make_board, servers, write_cookies
from bench.cpu import cpu_seconds
from bench.figures import SECONDS, WARM_UP
from bench.growth_report import CACHED, CACHED_BYTES, STORED_BYTES, Level
from bench.wrk import require_wrk
from workers.sync_tallies import sync_tallies

LEVELS = (1_000, 100_000, 10_000_000)
BEYOND = 10  # times the votes of the last level: a model says what such a board would take
PROJECTS, USERS = 10_000, 100_000
PACED_RATE = 2_000  # votes a second
READ_RATE, READ_SECONDS = 50, 4  # pages a second
SYNCS = 20  # of 100 tallies: one sync is short, and CPU is counted in steps of 10 ms


async def measure(votes: int) -> Level:
    """Create a board with `votes` stored votes, and measure all of its figures."""
    async with _board(votes) as board:
        return await measure_board(board, votes)


@asynccontextmanager
async def _board(votes: int) -> AsyncIterator[BenchBoard]:
    with tempfile.TemporaryDirectory(prefix="upvote-growth-") as directory:
        async with servers(Path(directory)) as (settings, db, redis):
            await load_stored(db, settings, "demo", "!", (PROJECTS, USERS, votes))
            yield await make_board(settings, db, redis, await queries.select_most_voted(db))


async def measure_board(board: BenchBoard, votes: int) -> Level:
    """Measure all figures of a board with `votes` stored votes."""
    await queries.vacuum(board.db)
    level = Level(votes)
    level.figures[STORED_BYTES] = await queries.select_bytes(board.db) / votes
    await _rebuild(board, level)
    async with board.web() as port:
        await _vote(board, port, level)
        await _read(board, port, level)
    # The limits are off, because one user votes on all projects.
    unlimited = board.settings.model_copy(update={"rate_limit_max": 0, "account_limit_max": 0})
    async with open_services(unlimited, query_seconds=60) as services:
        await _persist(board, services, level)
        await _sync(board, services, level)
    return level


async def _rebuild(board: BenchBoard, level: Level) -> None:
    async with open_services(board.settings, query_seconds=60) as services:
        taken, cpu = await _cost(rebuild(services))
    level.figures[CACHED] = taken
    level.figures["all projects cached, CPU s"] = cpu
    used = 0
    for at in range(0, len(board.project_ids), 1_000):
        pipe = board.redis.pipeline(transaction=False)
        for project_id in board.project_ids[at : at + 1_000]:
            pipe.memory_usage(keys.votes(0, project_id), samples=1_000)
        used += sum(size or 0 for size in await pipe.execute())
    level.figures[CACHED_BYTES] = used / level.votes


async def _vote(board: BenchBoard, port: int, level: Level) -> None:
    await board.vote(port, WARM_UP)
    before = _cpu()
    unpaced = await board.vote(port, SECONDS)
    level.figures["votes a second, 1 web"] = unpaced.rate
    level.figures["a vote, CPU µs"] = 1e6 * (_cpu() - before) / unpaced.requests
    paced = await board.vote(port, SECONDS, PACED_RATE)
    level.figures["a vote at 2,000 a second, p50 ms"] = paced.p50
    level.errors += unpaced.errors + paced.errors


async def _read(board: BenchBoard, port: int, level: Level) -> None:
    """Measure pages for the users with the most stored votes."""
    users = await queries.select_busiest_users(board.db, READERS)
    readers = dataclasses.replace(board, cookies=write_cookies(board.settings, "readers", users))
    paths = {
        "front page": "/",
        "top of all time": "/?sort=top&t=all",
        "my votes": "/me/votes",
        "most voted project": f"/projects/{board.project_ids[0]}",
    }
    for name, path in paths.items():
        await readers.get(port, path, 1, signed_in=True, rate=READ_RATE)
        before = _cpu()
        load = await readers.get(port, path, READ_SECONDS, signed_in=True, rate=READ_RATE)
        level.figures[f"{name}, p50 ms"] = load.p50
        level.figures[f"{name}, CPU ms"] = 1e3 * (_cpu() - before) / load.requests
        level.errors += load.errors


async def _persist(board: BenchBoard, services: Services, level: Level) -> None:
    """Measure how fast the events of the votes above are persisted."""
    waiting = await board.redis.xlen(keys.events(0))
    taken, cpu = await _cost(services.persist_events())
    level.figures["events persisted a second"] = waiting / taken
    level.figures["an event persisted, CPU µs"] = 1e6 * cpu / waiting


async def _sync(board: BenchBoard, services: Services, level: Level) -> None:
    await sync_tallies(services)
    for number, times in ((100, SYNCS), (10_000, 1)):
        taken = cpu = 0.0
        for turn in range(times):
            await _change(board, services, number, 1 if turn % 2 else -1)
            seconds, cpu_seconds_used = await _cost(sync_tallies(services))
            taken, cpu = taken + seconds, cpu + cpu_seconds_used
        level.figures[f"sync of {number:,} tallies, ms"] = 1e3 * taken / times
        level.figures[f"sync of {number:,} tallies, CPU ms"] = 1e3 * cpu / times


async def _change(board: BenchBoard, services: Services, number: int, value: int) -> None:
    """Cast one vote on each of `number` projects, all by a user who casts no other votes."""
    user_id = board.extra_users[number]
    for at in range(0, number, 500):
        votes = [Vote(p, user_id, value) for p in board.project_ids[:number][at : at + 500]]
        await asyncio.gather(*[services.batcher.cast(vote) for vote in votes])


async def _cost(work: Awaitable[object]) -> tuple[float, float]:
    """Await the work; return its duration and its CPU time, both in s."""
    start, before = time.perf_counter(), _cpu()
    await work
    return time.perf_counter() - start, _cpu() - before


def _cpu() -> float:
    """Return the CPU time (s) of the servers and this process so far."""
    return sum(cpu_seconds().values()) + time.process_time()


async def run(levels: list[int]) -> list[Level]:
    found = []
    for votes in levels:
        found.append(await measure(votes))
        print(found[-1], flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--votes", type=int, nargs="+", default=LEVELS)
    parser.add_argument(
        "--keep", action="store_true", help="keep the results in the docs instead of overwriting them"
    )
    given = parser.parse_args()
    interrupt_on_signals()
    try:
        require_wrk()
    except OperatorError as failure:
        parser.exit(1, f"{failure}\n")
    levels = asyncio.run(run(given.votes))
    print(growth_report.table(levels))
    if len(levels) > 1:
        print(f"\n{growth_report.model(levels, BEYOND * levels[-1].votes)}")
    if not given.keep:
        growth_report.write(levels)
    if any(level.errors for level in levels):
        parser.exit(1, "some requests failed\n")


if __name__ == "__main__":
    main()
