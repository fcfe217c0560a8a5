"""A TCP proxy in front of a server, through which a test can delay, cut, reset or lose everything."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Self

PIECE = 65_536  # bytes read at once
# A socket that is closed with this option sends RST instead of FIN.
RESET = struct.pack("ii", 1, 0)


class TcpProxy:
    """Forwards connections to `target`, a port of 127.0.0.1 or a Unix socket, from the port `port`.

    Use it with `async with`. Every attribute may be changed at any time:

    - `target`: where new connections go. Open ones stay where they are, as after a failover.
    - `delay`: seconds that are added to a round trip. Connecting itself is not delayed.
    - `split`: returns the pieces in which an answer arrives, 10 ms apart.
    """

    def __init__(self, target: int | Path) -> None:
        self.target = target
        self.delay = 0.0
        self.split: Callable[[bytes], list[bytes]] | None = None
        self.port = 0
        self.accepted = 0  # connections since the start
        self.round_trips = 0  # requests since the start that waited for an answer
        self.most_waiting = 0  # of these, the most that waited at the same time
        self._waiting: set[object] = set()
        self._pairs: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._passing = asyncio.Event()
        self._passing.set()
        self._refuses = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        tasks = list(self._pairs)
        self.cut()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def open(self) -> int:
        """How many connections are open."""
        return len(self._pairs)

    def black_hole(self) -> None:
        """Lose everything, as a network without a route: new connections open, but nothing passes.

        Not even the end of a connection passes, so a process that ends meanwhile has vanished for the
        other side. heal() lets everything pass that was held back, as TCP would send it again.
        """
        self._passing.clear()

    def refuse(self) -> None:
        """Reset new connections; open ones go on."""
        self._refuses = True

    def heal(self) -> None:
        """End black_hole(), refuse() and the delay."""
        self.delay, self.split, self._refuses = 0.0, None, False
        self._passing.set()

    def cut(self) -> None:
        """Close all open connections."""
        for writers in self._pairs.values():
            for writer in writers:
                writer.close()

    def reset(self) -> None:
        """Reset all open connections (RST)."""
        for writers in self._pairs.values():
            for writer in writers:
                _reset(writer)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self._refuses:
            _reset(writer)
            return
        writers = [writer]
        task = asyncio.create_task(self._forward(reader, writer, writers))
        self._pairs[task] = writers
        task.add_done_callback(self._pairs.pop)

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        writers: list[asyncio.StreamWriter],
    ) -> None:
        try:
            await self._passing.wait()
            if isinstance(self.target, Path):
                ahead, back = await asyncio.open_unix_connection(self.target)
            else:
                ahead, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _reset(writer)
            return
        writers.append(back)
        with contextlib.closing(writer), contextlib.closing(back):
            pair = object()
            await asyncio.gather(
                self._copy(reader, back, pair), self._copy(ahead, writer, pair, answers=True)
            )
            self._waiting.discard(pair)

    async def _copy(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        pair: object,
        answers: bool = False,
    ) -> None:
        """Copy until the end, each piece half the delay after it came, while later ones come in."""
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def read() -> None:
            data = b"-"
            while data:
                with contextlib.suppress(ConnectionError):  # is an end too, and b"" says so
                    data = b""
                    data = await reader.read(PIECE)
                self._count(pair, bool(data), answers)
                pieces.put_nowait((loop.time() + self.delay / 2, data))

        reading = asyncio.create_task(read())
        try:
            # Copying ends quietly when the other side is gone: then nobody reads what is left.
            with contextlib.suppress(OSError, RuntimeError):
                while True:
                    due, data = await pieces.get()
                    await asyncio.sleep(max(0.0, due - loop.time()))
                    await self._passing.wait()
                    if not data:
                        break
                    await self._write(writer, data, answers)
                writer.write_eof()
        finally:
            reading.cancel()

    def _count(self, pair: object, came: bool, answers: bool) -> None:
        """Count a round trip when a request comes on a connection that waits for nothing."""
        if answers:
            self._waiting.discard(pair)
        elif came and pair not in self._waiting:
            self._waiting.add(pair)
            self.round_trips += 1
            self.most_waiting = max(self.most_waiting, len(self._waiting))

    async def _write(self, writer: asyncio.StreamWriter, data: bytes, answers: bool) -> None:
        split = self.split if answers else None
        for number, piece in enumerate(split(data) if split else [data]):
            await asyncio.sleep(0.01 if number else 0)
            writer.write(piece)
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    found = writer.get_extra_info("socket")
    if found is not None and found.family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
