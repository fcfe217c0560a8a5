"""What open live streams cost the vote path: `python -m bench.streams`, on servers of its own.

Turns about, in one run on one web process: votes alone, votes with 500 open streams. Each stream
watches a page of projects, all of which change between two ticks. Needs wrk.
"""

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from app.settings import Settings
from bench import queries
from bench.stage import servers, write_cookies
from bench.wrk import wrk
from tests.conftest import NO_LIMITS
from tests.processes import running_web

STREAMS = 500
ON_A_PAGE = 25
PROJECTS = 50
USERS = 30_000  # with PROJECTS more pairs than votes in a run: each vote is a change
ROUNDS = 5
SECONDS = 4
AS_MANY_AS_CAN_BE = 0  # votes a second
KEPT = 0.9  # of its speed, with the streams open


async def main() -> None:
    """Print the figures; exit code 1 when the streams cost more than they may."""
    with tempfile.TemporaryDirectory(prefix="upvote-bench-") as place:
        async with (
            stage(Path(place)) as (settings, cookies, project_ids),
            running_web(settings, **NO_LIMITS) as port,
        ):
            figures = await measure_streams(port, cookies, project_ids)
    print(json.dumps(figures))
    sys.exit(0 if figures["kept"] >= KEPT else 1)


async def measure_streams(port: int, cookies: Path, project_ids: list[int]) -> dict[str, float]:
    """What the web at this port, a child of ours, does without and with streams; `cookies` holds one
    a line. Votes a second tell it where nothing else runs; the web's own CPU time a vote tells it
    on a busy machine as well, so both are given.
    """
    votes = Votes(port, cookies, project_ids)
    alone, beside, told = [], [], 0
    await votes.measure()  # connections, caches, hydration
    for _ in range(ROUNDS):
        alone.append(await votes.measure())
        async with open_streams(port, cookies, project_ids) as readers:
            beside.append(await votes.measure())
            told += await readers.finish()
    (rate, cpu), (rate_beside, cpu_beside) = (
        [statistics.median(figures) for figures in zip(*runs, strict=True)] for runs in (alone, beside)
    )
    return {
        "streams": STREAMS,
        "votes_per_second_alone": round(rate),
        "votes_per_second_with_streams": round(rate_beside),
        "kept": round(rate_beside / rate, 3),
        "cpu_us_per_vote_alone": round(cpu * 1e6, 1),
        "cpu_us_per_vote_with_streams": round(cpu_beside * 1e6, 1),
        "kept_by_cpu": round(cpu / cpu_beside, 3),
        "messages_per_stream_and_second": round(told / ROUNDS / STREAMS / SECONDS, 2),
    }


class Votes:
    """Votes at saturation, each another than those before."""

    def __init__(self, port: int, cookies: Path, project_ids: list[int]) -> None:
        self._port, self._cookies, self._project_ids = port, cookies, project_ids
        self._cast = 0

    async def measure(self) -> tuple[float, float]:
        """Votes a second, and the web's CPU time of one in seconds."""
        before = web_cpu()
        arguments = (self._cookies, self._cast, AS_MANY_AS_CAN_BE, *self._project_ids)
        load = await wrk(self._port, "/", "vote.lua", *arguments, seconds=SECONDS)
        assert not load.errors, f"{load.errors} votes were not accepted"
        self._cast += load.requests
        return load.rate, (web_cpu() - before) / load.requests


def web_cpu() -> float:
    """The CPU time so far of the web processes that we have started, in seconds."""
    [web] = [p for p in psutil.Process().children() if p.cmdline()[-1:] == ["web"]]
    times = [process.cpu_times() for process in (web, *web.children(recursive=True))]
    return sum(time.user + time.system for time in times)


class Readers:
    """The open pages, in a process of their own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def finish(self) -> int:
        """Close all streams; how many messages they have had."""
        return int((await self._process.communicate(b"\n"))[0])


@asynccontextmanager
async def open_streams(port: int, cookies: Path, project_ids: list[int]) -> AsyncIterator[Readers]:
    """All streams, open and past their snapshot."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.readers", str(port), str(STREAMS), str(ON_A_PAGE)),
        *(str(cookies), *map(str, project_ids)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"open\n"
    try:
        yield Readers(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def stage(place: Path) -> AsyncIterator[tuple[Settings, Path, list[int]]]:
    """Servers with users and projects: settings, a file of session cookies, the projects."""
    async with servers(place) as (settings, db, _):
        cookies = write_cookies(settings, "voters", await queries.insert_users(db, USERS))
        yield settings, cookies, await queries.insert_projects(db, PROJECTS)


if __name__ == "__main__":
    asyncio.run(main())
