"""Activities of servers and connections: rewrites, hydration, streams, webhooks, restarts."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.exceptions import ResponseError

from bench.beside import queries, requests
from bench.beside.activity import Activity, Work, once, plain
from bench.beside.board import BesideBoard
from bench.streams import open_streams
from tests.processes import workers_of
from tests.support import make_cold

STREAMS = 1_000
WATCHED = 500  # projects, by all streams together
RECEIVER_SECONDS = 4.0  # until the slow receiver of webhooks answers
WEBHOOKS = 3
WAIT = 0.05  # s between two looks


def rewrite(board: BesideBoard) -> Work:
    redis: Any = board.bench.redis

    async def step() -> None:
        with contextlib.suppress(ResponseError):  # Valkey has just begun one by itself
            await redis.bgrewriteaof()
        await asyncio.sleep(1)
        while (await redis.info("persistence"))["aof_rewrite_in_progress"]:
            await asyncio.sleep(WAIT)

    return once(step)


@asynccontextmanager
async def hydrate(board: BesideBoard) -> AsyncIterator[Work]:
    project_id = await queries.select_large(board.bench.db)
    await make_cold(board.bench.redis, project_id)

    async def step() -> None:
        """Vote until the vote counts, as a button does that got no answer in time."""
        while True:
            form = {"value": 1}
            path = f"/projects/{project_id}/vote"
            answer = await board.ask(
                "POST", path, form, cookie=board.admin, expected=303, others=(503,)
            )
            if answer[9:12] == b"303":
                return
            await asyncio.sleep(WAIT)

    yield once(step)


@asynccontextmanager
async def stream(board: BesideBoard) -> AsyncIterator[Work]:
    watched = board.bench.project_ids[:WATCHED]
    async with open_streams(board.port, board.bench.cookies, watched, STREAMS):
        yield asyncio.sleep


@asynccontextmanager
async def notify(board: BesideBoard) -> AsyncIterator[Work]:
    """Submit projects, about which webhooks tell a receiver that takes seconds to answer."""

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(RECEIVER_SECONDS)
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(receive, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for number in range(WEBHOOKS):
        address = f"http://127.0.0.1:{port}/{number}"
        await board.command("webhook", "add", address, webhooks_private="yes")
    yield requests.submit(board)
    await queries.delete_webhooks(board.bench.db)
    server.close()


def restart(board: BesideBoard) -> Work:
    async def step() -> None:
        before = workers_of(board.web_pid)
        os.kill(board.web_pid, signal.SIGHUP)
        while before & workers_of(board.web_pid):
            await asyncio.sleep(WAIT)

    return once(step)


ACTIVITIES = (
    Activity("Valkey rewrites its file", plain(rewrite)),
    Activity("hydration of a large project", hydrate),
    Activity("1,000 live streams", stream),
    Activity("webhooks to a slow receiver", notify),
    Activity("rolling restart", plain(restart)),
)
