"""`python -m bench.streams`: measures how much open live streams slow down votes.

One run on the bench's own servers, with one web process, alternates between votes alone and votes with
500 open streams. Each stream watches a page of projects, which all change between two ticks. Needs wrk.
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

from app.commands.signals import interrupt_on_signals
from app.settings import Settings
from bench import queries
from bench.board import servers, write_cookies
from bench.wrk import wrk
from tests.conftest import NO_LIMITS
from tests.processes import running_web

STREAMS = 500
ON_A_PAGE = 25
PROJECTS = 50
# There are more pairs of user and project than votes in a run, so each vote is a change.
USERS = 30_000
ROUNDS = 5
SECONDS = 4
UNLIMITED = 0  # a rate of 0 votes a second means as many as possible
MIN_KEPT = 0.9  # the share of the vote rate that must remain with the streams open


async def main() -> None:
    """Print the figures; exit with 1 if less than MIN_KEPT of the vote rate remains."""
    with tempfile.TemporaryDirectory(prefix="upvote-bench-") as data_dir:
        async with (
            _open_board(Path(data_dir)) as (settings, cookies, project_ids),
            running_web(settings, **NO_LIMITS) as port,
        ):
            figures = await measure_streams(port, cookies, project_ids)
    print(json.dumps(figures))
    sys.exit(0 if figures["kept"] >= MIN_KEPT else 1)


async def measure_streams(port: int, cookies: Path, project_ids: list[int]) -> dict[str, float]:
    """Measure votes without and with streams, on the web at this port, which is a child process.

    `cookies` is a file with one session cookie in each line. The rate is meaningful on an idle machine,
    the web's CPU time for each vote on a busy one too, so the result has both.
    """
    votes = Votes(port, cookies, project_ids)
    alone, beside, messages = [], [], 0
    await votes.measure()  # opens connections, fills caches and hydrates projects
    for _ in range(ROUNDS):
        alone.append(await votes.measure())
        async with open_streams(port, cookies, project_ids) as readers:
            beside.append(await votes.measure())
            messages += await readers.finish()
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
        "messages_per_stream_and_second": round(messages / ROUNDS / STREAMS / SECONDS, 2),
    }


class Votes:
    """Casts votes as fast as possible, each pair of user and project once."""

    def __init__(self, port: int, cookies: Path, project_ids: list[int]) -> None:
        self._port, self._cookies, self._project_ids = port, cookies, project_ids
        self._cast = 0

    async def measure(self) -> tuple[float, float]:
        """Cast votes for SECONDS s; return votes a second and the web's CPU time (s) for each vote."""
        before = web_cpu()
        arguments = (self._cookies, self._cast, UNLIMITED, *self._project_ids)
        load = await wrk(self._port, "/", "vote.lua", *arguments, seconds=SECONDS)
        assert not load.errors, f"{load.errors} votes were not accepted"
        self._cast += load.requests
        return load.rate, (web_cpu() - before) / load.requests


def web_cpu() -> float:
    """Return the CPU time (s) so far of the web processes that this process started."""
    [web] = [p for p in psutil.Process().children() if p.cmdline()[-1:] == ["web"]]
    times = [process.cpu_times() for process in (web, *web.children(recursive=True))]
    return sum(time.user + time.system for time in times)


class Readers:
    """The process that has the streams open."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def finish(self) -> int:
        """Close all streams; return the number of messages that they received."""
        return int((await self._process.communicate(b"\n"))[0])


@asynccontextmanager
async def open_streams(
    port: int, cookies: Path, project_ids: list[int], streams: int = STREAMS
) -> AsyncIterator[Readers]:
    """Open all streams, and wait until each has received its snapshot."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.readers", str(port), str(streams), str(ON_A_PAGE)),
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
async def _open_board(data_dir: Path) -> AsyncIterator[tuple[Settings, Path, list[int]]]:
    """Start servers with users and projects; yield settings, a file of cookies, and project ids."""
    async with servers(data_dir) as (settings, db, _):
        cookies = write_cookies(settings, "voters", await queries.insert_users(db, USERS))
        yield settings, cookies, await queries.insert_projects(db, PROJECTS)


if __name__ == "__main__":
    interrupt_on_signals()
    asyncio.run(main())
