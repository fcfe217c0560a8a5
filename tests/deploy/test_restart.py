"""A restart of web under load loses no vote: new processes start before the old ones drain."""

import asyncio
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
from app.voting.batcher import VoteBatcher
from app.voting.votes import Vote
from tests.conftest import NO_LIMITS
from tests.deploy.crowd import RATE, SOME_VOTES, assert_nothing_failed_or_was_lost, make_crowd
from tests.ports import free_port
from tests.processes import environment, running, until_alive, workers_of
from tests.support import Board
from tests.waiting import CEILING, until

pytestmark = pytest.mark.long


async def test_sighup_replaces_all_processes_and_no_vote_fails(
    settings: Settings, board: Board, app: Quart, db: asyncpg.Pool, redis: Redis
):
    port = free_port()
    async with running("web", settings, port=port, web_workers=2, **NO_LIMITS) as pid:
        await until_alive(port)
        crowd = await make_crowd(board, app, port, RATE)
        async with crowd.voting():
            for _ in range(2):
                await crowd.until_more(SOME_VOTES)
                before = workers_of(pid)
                psutil.Process(pid).send_signal(signal.SIGHUP)
                await until(lambda old=before: len(workers_of(pid)) == 2 and not old & workers_of(pid))
            await crowd.until_more(SOME_VOTES)
    await assert_nothing_failed_or_was_lost(crowd, db, redis)


async def test_a_restart_on_the_same_socket_fails_no_vote(
    settings: Settings, board: Board, app: Quart, db: asyncpg.Pool, redis: Redis
):
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listening:
        port = listening.getsockname()[1]
        async with started_on(listening, settings):
            await until_alive(port)
            crowd = await make_crowd(board, app, port, RATE)
            async with crowd.voting():
                await crowd.until_more(SOME_VOTES)
                for _ in range(2):
                    async with started_on(listening, settings) as pid:
                        await until(lambda who=pid: workers_of(who))
                        await crowd.until_more(2 * SOME_VOTES)
    await assert_nothing_failed_or_was_lost(crowd, db, redis)


async def test_a_live_stream_ends_and_can_be_reopened(
    settings: Settings, board: Board, batcher: VoteBatcher
):
    project_id, user, port = await board.project(), await board.user(), free_port()
    async with running("web", settings, port=port) as pid:
        await until_alive(port)
        before = workers_of(pid)
        async with asyncio.timeout(CEILING), stream(port, project_id) as reader:
            psutil.Process(pid).send_signal(signal.SIGHUP)
            await reader.readuntil(b"\r\n0\r\n\r\n")  # the final chunk of a complete response
        await until(lambda: workers_of(pid) and not before & workers_of(pid))
        async with asyncio.timeout(CEILING), stream(port, project_id) as reader:
            await batcher.cast(Vote(project_id, user.id, 1))
            await reader.readuntil(b'"version":1')


@asynccontextmanager
async def stream(port: int, project_id: int) -> AsyncIterator[asyncio.StreamReader]:
    """Open a live stream; yields a reader behind its first line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /live?projects={project_id} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    try:
        await reader.readuntil(b"retry: 1000")
        yield reader
    finally:
        writer.close()


@asynccontextmanager
async def started_on(listening: socket.socket, settings: Settings) -> AsyncIterator[int]:
    """Run `upvote web` as systemd does, with the listening socket as file descriptor 3."""
    start = f"LISTEN_PID=$$ LISTEN_FDS=1 exec {sys.executable} -m app.commands web"
    script = f"exec 3<&{listening.fileno()}; {start}"
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        script,
        env=environment(settings, **NO_LIMITS),
        pass_fds=[listening.fileno()],
    )
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), CEILING)
