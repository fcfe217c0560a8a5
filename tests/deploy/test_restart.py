"""A restart of web under load costs no vote: new processes come first, the old ones drain."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import psutil
import pytest
from quart import Quart
from redis.asyncio import Redis

from app.settings import Settings
from app.voting.persist import persist_events
from tests.deploy.crowd import Crowd, invite, persisted
from tests.processes import PATIENCE, environment, free_port, running, until_alive
from tests.support import Board

RATE = 500.0  # votes a second
FREE = {"rate_limit_max": 0, "account_limit_max": 0}

pytestmark = pytest.mark.long


async def test_sighup_replaces_all_processes_and_no_vote_fails(
    settings: Settings, board: Board, app: Quart, db: asyncpg.Pool, redis: Redis
):
    port = free_port()
    async with running("web", settings, port=port, web_workers=2, **FREE) as pid:
        await until_alive(port)
        crowd = await invite(board, app, port, RATE)
        async with crowd.voting():
            for _ in range(2):
                await asyncio.sleep(1)
                before = workers_of(pid)
                psutil.Process(pid).send_signal(signal.SIGHUP)
                await until(lambda old=before: len(workers_of(pid)) == 2 and not old & workers_of(pid))
    await nothing_failed_or_was_lost(crowd, db, redis)


async def test_a_new_start_takes_over_the_socket_and_no_vote_fails(
    settings: Settings, board: Board, app: Quart, db: asyncpg.Pool, redis: Redis
):
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listening:
        port = listening.getsockname()[1]
        async with started_on(listening, settings):
            await until_alive(port)
            crowd = await invite(board, app, port, RATE)
            async with crowd.voting():
                await asyncio.sleep(1)
                for _ in range(2):
                    async with started_on(listening, settings) as pid:
                        await until(lambda who=pid: workers_of(who))
                        await asyncio.sleep(2)
    await nothing_failed_or_was_lost(crowd, db, redis)


async def test_a_live_stream_ends_and_comes_back(settings: Settings, board: Board):
    project_id, port = await board.project(), free_port()
    async with running("web", settings, port=port) as pid:
        await until_alive(port)
        before = workers_of(pid)
        ending = asyncio.create_task(stream_to_its_end(port, project_id))
        await asyncio.sleep(0.5)
        psutil.Process(pid).send_signal(signal.SIGHUP)
        await asyncio.wait_for(ending, PATIENCE)
        await until(lambda: workers_of(pid) and not before & workers_of(pid))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stream_to_its_end(port, project_id), 1.5)


async def stream_to_its_end(port: int, project_id: int) -> None:
    """Returns when the server ends the stream in good order, as the last chunk says."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /live?projects={project_id} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    try:
        await reader.readuntil(b"\r\n0\r\n\r\n")
    finally:
        writer.close()


async def nothing_failed_or_was_lost(crowd: Crowd, db: asyncpg.Pool, redis: Redis) -> None:
    assert crowd.failures == []
    assert crowd.acknowledged > RATE
    while await persist_events(redis, db, 0):
        pass
    assert await persisted(crowd, db) == crowd.wanted
    print(f"{crowd.acknowledged} votes acknowledged, 0 failed, 0 lost")


@asynccontextmanager
async def started_on(listening: socket.socket, settings: Settings) -> AsyncIterator[int]:
    """`upvote web` as systemd starts it, with the listening socket as its file 3; ends by SIGTERM."""
    become = f"LISTEN_PID=$$ LISTEN_FDS=1 exec {sys.executable} -m app.commands web"
    hand_on = f"exec 3<&{listening.fileno()}; {become}"
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        hand_on,
        env=environment(settings, **FREE),
        pass_fds=[listening.fileno()],
    )
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), PATIENCE)


def workers_of(pid: int) -> set[int]:
    """The processes that serve; multiprocessing has one more that does not."""
    found = set()
    for child in psutil.Process(pid).children():
        with contextlib.suppress(psutil.Error):
            if "spawn_main" in " ".join(child.cmdline()):
                found.add(child.pid)
    return found


async def until(condition) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.05)
