"""Watch the answers and the memory of a board under attack."""

import asyncio
import time
from collections.abc import Callable
from contextlib import asynccontextmanager

import psutil

from tests.http import Connection
from tests.waiting import until

MEGABYTE = 1024 * 1024
EVERY = 0.5  # s


class Watch:
    """Samples of a web process and its children: the slowest answer (s) and the memory (bytes)."""

    def __init__(self, port: int, process: psutil.Process) -> None:
        self._port, self._process = port, process
        self.slowest = 0.0
        self.memory: list[int] = []

    @asynccontextmanager
    async def looking(self):
        looking = asyncio.create_task(self._look())
        try:
            yield
            if looking.done():
                looking.result()
        finally:
            looking.cancel()
            await asyncio.wait({looking})

    def sample(self) -> None:
        self.memory.append(self._measure(lambda process: process.memory_info().rss))

    def growth(self) -> int:
        """Return the growth in bytes from the second fifth, when caches are full, to the last fifth.

        It compares the minimum of each fifth, because hashing a password takes 46 MiB for a moment.
        """
        fifth = max(len(self.memory) // 5, 1)
        return min(self.memory[-fifth:]) - min(self.memory[fifth : 2 * fifth] or self.memory[:1])

    async def _look(self) -> None:
        while True:
            started = time.monotonic()
            async with Connection(self._port) as connection:
                assert (await connection.get("/healthz")).status == 200
            self.slowest = max(self.slowest, time.monotonic() - started)
            self.sample()
            await asyncio.sleep(EVERY)

    async def until_alone(self) -> None:
        """Wait until the board has closed all connections."""
        await until(lambda: not self.connections(), "for the last connection", every=0.2)

    def connections(self) -> int:
        """Return the number of connections that the board has open."""
        return self._measure(self._connections)

    def _connections(self, process: psutil.Process) -> int:
        held = [one for one in process.net_connections("tcp") if one.laddr.port == self._port]
        return sum(one.status != psutil.CONN_LISTEN for one in held)

    def _measure(self, measure: Callable[[psutil.Process], int]) -> int:
        return sum(measure(one) for one in (self._process, *self._process.children(recursive=True)))

    def __str__(self) -> str:
        low, high = (find(self.memory) / MEGABYTE for find in (min, max))
        grown = self.growth() / MEGABYTE
        return f"slowest {self.slowest:.2f} s, memory {low:.0f} to {high:.0f} MB, grown by {grown:.1f}"
