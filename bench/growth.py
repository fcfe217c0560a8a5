"""`python -m bench.growth`: what a board's figures do when it holds more votes, in some ten minutes.

The same 10,000 projects and 100,000 users, with 10^3, 10^5 and 10^7 votes on fresh servers; 30,000
others then vote on the 500 projects with the most votes. All projects are cached. CPU is that of all
processes but the load generator: it says what grows even on a machine that others use as well.
"""

import argparse
import asyncio
import dataclasses
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

from app.demo.stored import load_stored
from app.errors import OperatorError
from app.operations.warm_up import rebuild
from app.services import Services, open_services
from app.voting import keys
from app.voting.votes import Vote
from bench import growth_report, queries
from bench.cpu import cpu_seconds
from bench.figures import SECONDS, WARM
from bench.growth_report import Level
from bench.stage import READERS, Stage, make_stage, servers, write_cookies
from bench.wrk import require_wrk
from workers.sync_tallies import sync_tallies

LEVELS = (1_000, 100_000, 10_000_000)
PROJECTS, USERS = 10_000, 100_000
PACED = 2_000  # votes a second
READ, READ_SECONDS = 50, 4  # pages a second
SYNCS = 20  # of 100 tallies: CPU is counted in steps of 10 ms


async def measure(votes: int) -> Level:
    """All figures of a board with so many votes."""
    async with _board(votes) as stage:
        return await measure_board(stage, votes)


@asynccontextmanager
async def _board(votes: int) -> AsyncIterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="upvote-growth-") as directory:
        async with servers(Path(directory)) as (settings, db, redis):
            await load_stored(db, settings, "demo", "!", (PROJECTS, USERS, votes))
            yield await make_stage(settings, db, redis, await queries.select_most_voted(db))


async def measure_board(stage: Stage, votes: int) -> Level:
    """All figures of this board."""
    await queries.vacuum(stage.db)
    level = Level(votes)
    level.figures["bytes a vote in PostgreSQL, its event included"] = (
        await queries.select_bytes(stage.db) / votes
    )
    await _rebuild(stage, level)
    async with stage.web() as port:
        await _vote(stage, port, level)
        await _read(stage, port, level)
    # One user votes on all projects: nobody's limit is the matter here.
    unlimited = stage.settings.model_copy(update={"rate_limit_max": 0, "account_limit_max": 0})
    async with open_services(unlimited, query_seconds=60) as services:
        await _persist(stage, services, level)
        await _sync(stage, services, level)
    return level


async def _rebuild(stage: Stage, level: Level) -> None:
    async with open_services(stage.settings, query_seconds=60) as services:
        taken, cpu = await _cost(rebuild(services))
    level.figures["all projects cached, s"] = taken
    level.figures["all projects cached, CPU s"] = cpu
    used = 0
    for at in range(0, len(stage.project_ids), 1_000):
        pipe = stage.redis.pipeline(transaction=False)
        for project_id in stage.project_ids[at : at + 1_000]:
            pipe.memory_usage(keys.votes(0, project_id), samples=1_000)
        used += sum(size or 0 for size in await pipe.execute())
    level.figures["bytes a vote in Valkey, the tally not included"] = used / level.votes


async def _vote(stage: Stage, port: int, level: Level) -> None:
    await stage.vote(port, WARM)
    before = _cpu()
    most = await stage.vote(port, SECONDS)
    level.figures["votes a second, 1 web"] = most.rate
    level.figures["a vote, CPU µs"] = 1e6 * (_cpu() - before) / most.requests
    paced = await stage.vote(port, SECONDS, PACED)
    level.figures["a vote at 2,000 a second, p50 ms"] = paced.p50
    level.errors += most.errors + paced.errors


async def _read(stage: Stage, port: int, level: Level) -> None:
    """Pages as the users see them who have cast the most of the stored votes."""
    users = await queries.select_busiest_users(stage.db, READERS)
    readers = dataclasses.replace(stage, cookies=write_cookies(stage.settings, "readers", users))
    paths = {
        "front page": "/",
        "top of all time": "/?sort=top&t=all",
        "my votes": "/me/votes",
        "most voted project": f"/projects/{stage.project_ids[0]}",
    }
    for name, path in paths.items():
        await readers.get(port, path, 1, signed_in=True, rate=READ)
        before = _cpu()
        load = await readers.get(port, path, READ_SECONDS, signed_in=True, rate=READ)
        level.figures[f"{name}, p50 ms"] = load.p50
        level.figures[f"{name}, CPU ms"] = 1e3 * (_cpu() - before) / load.requests
        level.errors += load.errors


async def _persist(stage: Stage, services: Services, level: Level) -> None:
    """What the votes above have left."""
    waiting = await stage.redis.xlen(keys.events(0))
    taken, cpu = await _cost(services.persist_events())
    level.figures["events persisted a second"] = waiting / taken
    level.figures["an event persisted, CPU µs"] = 1e6 * cpu / waiting


async def _sync(stage: Stage, services: Services, level: Level) -> None:
    await sync_tallies(services)
    for number, times in ((100, SYNCS), (10_000, 1)):
        taken = cpu = 0.0
        for turn in range(times):
            await _change(stage, services, number, 1 if turn % 2 else -1)
            a_time = await _cost(sync_tallies(services))
            taken, cpu = taken + a_time[0], cpu + a_time[1]
        level.figures[f"sync of {number:,} tallies, ms"] = 1e3 * taken / times
        level.figures[f"sync of {number:,} tallies, CPU ms"] = 1e3 * cpu / times


async def _change(stage: Stage, services: Services, number: int, value: int) -> None:
    """One vote on each of so many projects, by somebody who casts nothing else."""
    user_id = stage.outsiders[number]
    for at in range(0, number, 500):
        votes = [Vote(p, user_id, value) for p in stage.project_ids[:number][at : at + 500]]
        await asyncio.gather(*[services.batcher.cast(vote) for vote in votes])


async def _cost(work: Awaitable[object]) -> tuple[float, float]:
    """How long it took and what CPU it took, both in s."""
    start, before = time.perf_counter(), _cpu()
    await work
    return time.perf_counter() - start, _cpu() - before


def _cpu() -> float:
    """CPU (s) that the servers and this process have used so far."""
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
    parser.add_argument("--keep", action="store_true", help="do not overwrite the docs' results")
    given = parser.parse_args()
    try:
        require_wrk()
    except OperatorError as failure:
        parser.exit(1, f"{failure}\n")
    levels = asyncio.run(run(given.votes))
    print(growth_report.table(levels))
    if not given.keep:
        growth_report.write(levels)
    if any(level.errors for level in levels):
        parser.exit(1, "some requests were answered with errors\n")


if __name__ == "__main__":
    main()
