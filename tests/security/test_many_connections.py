"""20,000 idle connections of every kind to one process: others are served, and all of them end."""

import asyncio
import faulthandler
import sys
import time

import psutil
import pytest

from tests.conftest import NO_LIMITS
from tests.http import Connection
from tests.ports import free_port
from tests.processes import running, until_alive
from tests.security.starts import STARTS
from tests.security.watch import MEGABYTE, Watch
from tests.support import session_cookie
from tests.waiting import until

HOLDERS, EACH = 5, 4_200
ROUNDS = 20  # of a page and a vote when all are open
# Fewer of those that the server answers: a flood of requests is another attack.
KINDS = ["nothing", "line ends", "half a head"] * 80 + list(STARTS)
# What some of them send every second.
DRIPS = {
    "line ends": b"\r\n",
    "half a head": b"X",
    "half a body": b"x",
    "a trailer": b"y",
    "an answer": b"\r\n",
}


@pytest.mark.fuzz
async def test_20000_idle_connections_leave_others_served(settings, app, board):
    faulthandler.cancel_dump_traceback_later()  # it takes minutes, which is expected
    cookie, project_id, port = (
        session_cookie(app, await board.user()),
        await board.project(),
        free_port(),
    )
    async with running("web", settings, port=port, web_workers=1, **NO_LIMITS) as pid:
        await until_alive(port)
        watch = Watch(port, psutil.Process(pid))
        watch.sample()
        holders = [await hold(port, f"127.0.0.{number + 2}") for number in range(HOLDERS)]
        opening = [asyncio.create_task(holder.stdout.readline()) for holder in holders]
        most, slowest = 0, {"opening": 0.0, "open": 0.0}
        rounds = 0
        while rounds < ROUNDS:
            when = "open" if all(task.done() for task in opening) else "opening"
            rounds += when == "open"
            slowest[when] = max(slowest[when], await ask(port, project_id, cookie))
            most = max(most, open_files(pid))
            watch.sample()
        grown = (max(watch.memory) - watch.memory[0]) / MEGABYTE
        print(f"{HOLDERS * EACH} opened, {most} open at once; memory grew by {grown:.0f} MB")
        print(f"a page and a vote, in s at most: {slowest}")
        assert most > 18_000
        started = time.monotonic()
        await until(lambda: watch.connections() < 10, "for the end of all connections", every=1.0)
        print(f"all others were closed {time.monotonic() - started:.0f} s later")
        for holder in holders:
            await holder.communicate(b"")


async def ask(port: int, project_id: int, cookie: str) -> float:
    """Check that a page and a vote are answered on new connections; return the seconds it took."""
    started = time.monotonic()
    async with Connection(port) as visitor, Connection(port, cookie) as voter:
        assert (await visitor.get("/")).status == 200
        assert (await voter.vote(project_id, 1)).status == 200
    return time.monotonic() - started


def open_files(pid: int) -> int:
    """Return the number of open files of the board, almost all of which are connections."""
    return max(child.num_fds() for child in psutil.Process(pid).children())


async def hold(port: int, address: str) -> asyncio.subprocess.Process:
    """Start a process that opens EACH connections of every kind."""
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.security.hold", str(port), str(EACH), address),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    kinds = [
        ",".join(
            part.hex() for part in (STARTS[kind], DRIPS.get(kind, b""), b"1" * (kind == "half closed"))
        )
        for kind in KINDS
    ]
    holder.stdin.write(";".join(kinds).encode() + b"\n")
    return holder
