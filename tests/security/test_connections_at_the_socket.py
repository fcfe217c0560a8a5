"""Floods of bytes, fields and connections at a real server: memory stays, and others are served."""

import asyncio
import contextlib
import resource

import psutil
import pytest

from tests.conftest import NO_LIMITS
from tests.http import Connection
from tests.ports import free_port
from tests.processes import running, until_alive, workers_of
from tests.security.starts import CHUNKED, HEAD, STARTS
from tests.security.watch import MEGABYTE, Watch
from tests.support import session_cookie
from tests.waiting import CEILING, until

TAKEN = 24 * MEGABYTE  # what the kernel holds of a flood when the server has hung up
Writers = list[asyncio.StreamWriter]


@pytest.fixture(scope="module")
async def server(settings):
    """A running board: its port and its process."""
    port = free_port()
    async with running("web", settings, port=port, log_level="ERROR", **NO_LIMITS) as pid:
        await until_alive(port)
        yield port, psutil.Process(pid)


async def open_connections(port: int, count: int, start: bytes) -> Writers:
    writers = []
    for _ in range(count):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(start)
        writers.append(writer)
    return writers


async def pour(port: int, start: bytes, piece: bytes, size: int) -> int:
    """Send pieces, `size` bytes in all, until the server hangs up; return how many bytes it took."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    taken = 0
    with contextlib.suppress(ConnectionError):
        writer.write(start)
        while taken < size:
            writer.write(piece)
            async with asyncio.timeout(CEILING):
                await writer.drain()
            taken += len(piece)
    writer.close()
    return taken


async def is_served(port: int, project_id: int, cookie: str) -> None:
    """Check that a page and a vote are answered."""
    async with Connection(port) as visitor, Connection(port, cookie) as voter:
        assert (await visitor.get("/")).status == 200
        assert (await voter.vote(project_id, 1)).status == 200


FLOODS = {
    "a trailer of many fields": (CHUNKED, b"X-Some-Field: with a value\r\n" * 2_000),
    "one long trailer": (CHUNKED + b"X: ", b"y" * 50_000),
    "a head of many fields": (HEAD, b"X-Some-Field: with a value\r\n" * 2_000),
    "one long field": (HEAD + b"X: ", b"y" * 50_000),
    "a long address": (b"GET /", b"y" * 50_000),
    "a long extension of a chunk": (CHUNKED[:-3] + b"1;a=", b"y" * 50_000),
    "a body without end": (HEAD + b"Content-Length: 99999999999\r\n\r\n", b"y" * 50_000),
    "behind a stream": (STARTS["behind a stream"][: -len(HEAD)], STARTS["an answer"] * 1_000),
}


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood_of_bytes_is_cut_off(server, kind):
    port, process = server
    watch = Watch(port, process)
    watch.sample()
    taken = await pour(port, *FLOODS[kind], 100 * MEGABYTE)
    watch.sample()
    assert taken < TAKEN
    assert max(watch.memory) - watch.memory[0] < 16 * MEGABYTE


async def test_many_connections_hold_little_memory(server, app, board):
    """500 connections with as much of an unfinished head, or behind a stream, as they may send."""
    port, process = server
    cookie, project_id = session_cookie(app, await board.user()), await board.project()
    await is_served(port, project_id, cookie)
    field = b"X-Some-Field: with a value, and another one\r\n"
    starts = (HEAD + field * 95, HEAD + b"X: " + b"y" * 30_000)
    live = b"GET /live?projects=%d HTTP/1.1\r\nHost: x\r\n\r\n" % project_id
    starts += (live + STARTS["an answer"] * 1_000, live + HEAD + field * 95)
    watch = Watch(port, process)
    watch.sample()
    writers: Writers = []
    for start in starts:
        writers += await open_connections(port, 125, start)
    await until(lambda: watch.connections() == len(writers), "for all connections")
    await is_served(port, project_id, cookie)
    watch.sample()
    assert watch.memory[1] - watch.memory[0] < 500 * 150_000
    for writer in writers:
        writer.close()
    await watch.until_alone()


async def test_a_client_opens_connections_without_end(server, app, board):
    port, process = server
    cookie, project_id = session_cookie(app, await board.user()), await board.project()
    await is_served(port, project_id, cookie)
    for pid in workers_of(process.pid):  # as if 300 were as many files as this machine allows
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (300, 300))
    watch = Watch(port, process)
    writers: Writers = []
    for kind, start in STARTS.items():
        opened = await open_connections(port, 100, start)
        if kind == "half closed":
            for writer in opened:
                writer.write_eof()
        writers += opened
        await is_served(port, project_id, cookie)
    assert watch.connections() <= 300
    for writer in writers:
        writer.close()
    await watch.until_alone()
