"""A draining process keeps answering, and closes each connection with its answer."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from app.live.hub import Hub
from app.server.drain import CLOSE, Drain, close_when_empty
from app.voting.functions import VoteFunctions
from tests.waiting import CEILING, until


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the signals that the process has sent to itself."""
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append(number))
    return sent


async def test_before_the_drain_a_connection_stays_open(ended: list[int]):
    assert CLOSE not in await headers_of(make_drain())


async def test_during_the_drain_every_answer_closes_its_connection(ended: list[int]):
    drain = make_drain()
    drain.begin(0)
    assert CLOSE in await headers_of(drain)


async def test_after_the_drain_the_process_gets_one_sigint(ended: list[int]):
    drain = make_drain()
    drain.begin(0)
    drain.begin(0)
    assert ended == []
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0, later.set)  # fires after the timer of the drain
    await later.wait()
    assert ended == [signal.SIGINT]


async def test_the_drain_stops_accepting_connections(ended: list[int]):
    stopped = asyncio.Event()
    make_drain(stop_accepting=stopped.set).begin(0)
    await asyncio.wait_for(stopped.wait(), CEILING)


async def test_the_drain_ends_open_live_streams_and_later_ones(
    functions: VoteFunctions, ended: list[int]
):
    hub = Hub(functions, 0)
    with hub.stream("one", [1], None) as early:
        make_drain(hub.close).begin(0)
        with hub.stream("two", [1], None) as late:
            for stream in (early, late):
                assert [message async for message in stream.messages()] == [b"retry: 1000\n\n"]


@pytest.mark.parametrize("busy", [0.0, 0.05])
async def test_connections_that_wait_to_be_accepted_are_served(busy: float):
    """The kernel would reset them when the listening socket is closed. The loop is busy for a while."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    clients = [socket.create_connection(address, CEILING) for _ in range(10)]
    close_when_empty([server])
    time.sleep(busy)  # noqa: ASYNC251 - accepting and the next look are due in the same turn
    for client in clients:
        with client:
            assert await asyncio.to_thread(client.recv, 5) == b"hello"
    await until(lambda: not server.is_serving(), "for the end of accepting")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, CEILING)


async def test_connections_that_nobody_accepts_do_not_keep_a_socket_open():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        waiting = socket.create_connection(listener.getsockname(), CEILING)
        closed = asyncio.Event()
        frozen = SimpleNamespace(sockets=[listener], close=closed.set)
        close_when_empty([frozen], 0.02)  # type: ignore[list-item]
        assert not closed.is_set()
        await asyncio.wait_for(closed.wait(), CEILING)
        waiting.close()


def make_drain(
    close_streams: Callable[[], None] = lambda: None, stop_accepting: Callable[[], None] = lambda: None
) -> Drain:
    return Drain(answer, close_streams, stop_accepting)


async def headers_of(drain: Drain) -> list[tuple[bytes, bytes]]:
    sent: list[dict] = []

    async def send(message: dict) -> None:
        sent.append(message)

    await drain({"type": "http"}, None, send)
    return sent[0]["headers"]


async def answer(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
    await send({"type": "http.response.body", "body": b""})
