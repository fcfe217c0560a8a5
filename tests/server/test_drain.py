"""A process that drains answers on, and lets go of every connection that it answers."""

import asyncio
import os
import signal

import pytest

from app.live.hub import Hub
from app.server.drain import CLOSE, Drain
from app.voting.functions import VoteFunctions


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The signals that the process has sent itself."""
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append(number))
    return sent


async def test_before_the_drain_a_connection_is_kept(ended: list[int]):
    assert CLOSE not in await headers_of(Drain(answer, lambda: None))


async def test_during_the_drain_every_answer_closes_its_connection(ended: list[int]):
    drain = Drain(answer, lambda: None)
    drain.begin(0)
    assert CLOSE in await headers_of(drain)


async def test_after_the_drain_the_process_ends_once(ended: list[int]):
    drain = Drain(answer, lambda: None)
    drain.begin(0)
    drain.begin(0)
    assert ended == []
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0, later.set)  # goes off after the drain's
    await later.wait()
    assert ended == [signal.SIGINT]


async def test_the_drain_ends_live_streams_and_those_that_come_later(
    functions: VoteFunctions, ended: list[int]
):
    hub = Hub(functions, 0)
    with hub.stream("one", [1], None) as early:
        Drain(answer, hub.close).begin(0)
        with hub.stream("two", [1], None) as late:
            for stream in (early, late):
                assert [message async for message in stream.messages()] == [b"retry: 1000\n\n"]


async def headers_of(drain: Drain) -> list[tuple[bytes, bytes]]:
    sent: list[dict] = []

    async def send(message: dict) -> None:
        sent.append(message)

    await drain({"type": "http"}, None, send)
    return sent[0]["headers"]


async def answer(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
    await send({"type": "http.response.body", "body": b""})
