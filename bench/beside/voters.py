"""`python -m bench.beside.voters PORT COOKIES VOTES PAGES PROJECT…`: votes and reads at a steady rate.

It sends so many votes and front pages a second, whether earlier answers have come or not, and opens
another connection if all wait for an answer. A line with a time (monotonic, s) on stdin is answered
with the size of a report and the report: all answers since the last one, after those to what was sent
before that time have come. The line `stop` ends the sending first.

It has a real-time priority where that is allowed, since the voters of a board have computers of their
own: what it waits for a processor would count as time of the board.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import cast

import uvloop

from bench.beside.answers import LOST, Answer, pack

CONNECTIONS = 64  # at the start
MOST_CONNECTIONS = 2_000
READERS = 1_000  # of the users read pages
TICK = 0.001  # s between two looks at the schedule
GIVE_UP = 30.0  # s without an answer
FORM = (
    "HX-Request: true\r\nSec-Fetch-Site: same-origin\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n"
)


class Client(asyncio.Protocol):
    """One connection: at most one request waits for its answer."""

    def __init__(self, crowd: "Crowd") -> None:
        self._crowd = crowd
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._missing = -1  # bytes until the answer is complete; below 0: its head is not
        self.sent, self.kind = 0.0, -1  # -1: waits for no answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none of this class
        self._crowd.is_free(self)

    def ask(self, request: bytes, kind: int, sent: float) -> None:
        assert self._transport is not None
        self.sent, self.kind, self._received, self._missing = sent, kind, b"", -1
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._missing >= 0:
            self._missing -= len(data)
        else:
            self._received += data
            head, end, body = self._received.partition(b"\r\n\r\n")
            if not end:
                return
            self._missing = _length(head) - len(body)
        if self._missing <= 0:
            self._answered(int(self._received[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        if self.kind >= 0:
            self._crowd.note(self, LOST)
            self.kind = -1
        self._crowd.is_gone(self)

    def _answered(self, status: int) -> None:
        self._crowd.note(self, status)
        self.kind = -1
        if b"\nconnection: close" in self._received.lower():
            self.close()
        else:
            self._crowd.is_free(self)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


class Crowd:
    """All connections, the schedule and the answers."""

    def __init__(self, port: int, votes: Iterator[bytes], pages: Iterator[bytes]) -> None:
        self._port, self._requests = port, (votes, pages)
        self._clients: set[Client] = set()
        self._free: deque[Client] = deque()
        self._waiting: deque[tuple[int, float]] = deque()  # kind and time of what no connection took
        self._opening: set[asyncio.Task[None]] = set()
        self._answers: list[Answer] = []

    async def run(self, rates: tuple[float, float]) -> None:
        """Send what is due, for ever."""
        for _ in range(CONNECTIONS):
            await self._open()
        start, sent = time.monotonic(), [0, 0]
        while True:
            now = time.monotonic()
            for kind, rate in enumerate(rates):
                while sent[kind] < (now - start) * rate:
                    sent[kind] += 1
                    self._send(kind, time.monotonic())
            self._give_up(now)
            await asyncio.sleep(TICK)

    def _send(self, kind: int, due: float) -> None:
        while self._free:
            client = self._free.popleft()
            if client in self._clients:
                client.ask(next(self._requests[kind]), kind, due)
                return
        self._waiting.append((kind, due))
        if len(self._clients) + len(self._opening) < MOST_CONNECTIONS:
            task = asyncio.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        with contextlib.suppress(OSError):
            loop = asyncio.get_running_loop()
            _, client = await loop.create_connection(lambda: Client(self), "127.0.0.1", self._port)
            self._clients.add(client)

    def is_free(self, client: Client) -> None:
        self._clients.add(client)
        if self._waiting:
            kind, due = self._waiting.popleft()
            client.ask(next(self._requests[kind]), kind, due)
        else:
            self._free.append(client)

    def is_gone(self, client: Client) -> None:
        self._clients.discard(client)

    def note(self, client: Client, status: int) -> None:
        taken = 1000 * (time.monotonic() - client.sent)
        self._answers.append(Answer(client.sent, taken, status, client.kind))

    def _give_up(self, now: float) -> None:
        while self._waiting and self._waiting[0][1] < now - GIVE_UP:
            kind, due = self._waiting.popleft()
            self._answers.append(Answer(due, 1000 * GIVE_UP, LOST, kind))

    async def report(self, until: float) -> bytes:
        """Return the answers since the last report, with all to what was sent before `until`."""
        while self._oldest() < until:
            self._give_up(time.monotonic())
            if time.monotonic() > until + GIVE_UP:
                for client in [c for c in self._clients if c.kind >= 0 and c.sent < until]:
                    client.close()
            await asyncio.sleep(0.05)
        answers, self._answers = self._answers, []
        return pack(answers)

    def _oldest(self) -> float:
        sent = [client.sent for client in self._clients if client.kind >= 0]
        return min([*sent, *(due for _, due in self._waiting)], default=time.monotonic())


def votes(head: str, cookies: Sequence[str], projects: Sequence[str]) -> Iterator[bytes]:
    """Yield votes: every user votes on every project in turn, each pair occurs once."""
    heads = [f"{head}{FORM}Cookie: upvote_session={cookie}\r\n" for cookie in cookies]
    for at in range(len(cookies) * len(projects)):
        project = projects[(at + at // len(cookies)) % len(projects)]
        body = "value=1" if at % 4 else "value=-1"
        end = f"Content-Length: {len(body)}\r\n\r\n{body}"
        yield f"POST /projects/{project}/vote{heads[at % len(heads)]}{end}".encode()


def pages(head: str, cookies: Sequence[str]) -> Iterator[bytes]:
    """Yield requests of the front page by members, for ever."""
    end = "Accept-Encoding: gzip\r\n\r\n"
    yield from cycle(
        [f"GET /{head}Cookie: upvote_session={cookie}\r\n{end}".encode() for cookie in cookies]
    )


async def serve(port: int, cookies: list[str], rates: tuple[float, float], projects: list[str]) -> None:
    head = f" HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    crowd = Crowd(port, votes(head, cookies, projects), pages(head, cookies[:READERS]))
    running = asyncio.create_task(crowd.run(rates))
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line == "stop\n":
            running.cancel()
            line = str(time.monotonic())
        report = await crowd.report(float(line))
        sys.stdout.buffer.write(b"%d\n" % len(report) + report)
        sys.stdout.flush()


def main() -> None:
    port, cookies, vote_rate, page_rate, *projects = sys.argv[1:]
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    lines = Path(cookies).read_text().split()
    uvloop.run(serve(int(port), lines, (float(vote_rate), float(page_rate)), projects))


if __name__ == "__main__":
    main()
