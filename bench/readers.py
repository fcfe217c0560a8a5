"""`python -m bench.readers PORT STREAMS ON_A_PAGE COOKIES PROJECT…`: opens live streams like pages do.

Prints `open` when every stream has received its snapshot. On a line on stdin, prints the number of
messages since then. Half of the readers are signed in.
"""

import asyncio
import random
import sys
from pathlib import Path


class Reader(asyncio.Protocol):
    """Counts the messages of one stream, with little CPU because the machine is shared."""

    messages = 0

    def __init__(self, request: bytes) -> None:
        self._request = request
        self.begun = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        count = data.count(b"data: ")
        Reader.messages += count
        if not self.begun.done() and (count or b" 200 " not in data[:16]):
            self.begun.set_result(bool(count))


async def read(
    port: int, streams: int, on_a_page: int, cookies: list[str], projects: list[str]
) -> None:
    """Open the streams, then read until a line arrives on stdin."""
    loop, readers = asyncio.get_running_loop(), []
    for number in range(streams):
        page = ",".join(random.sample(projects, on_a_page))
        cookie = f"Cookie: upvote_session={cookies[number]}\r\n" if number % 2 else ""
        request = f"GET /live?projects={page} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{cookie}\r\n"
        reader = Reader(request.encode())
        await loop.create_connection(lambda reader=reader: reader, "127.0.0.1", port)
        readers.append(reader)
    await asyncio.wait_for(asyncio.gather(*[reader.begun for reader in readers]), 30)
    Reader.messages = 0
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(Reader.messages, flush=True)


if __name__ == "__main__":
    port, streams, on_a_page, cookies, *projects = sys.argv[1:]
    lines = Path(cookies).read_text().split()
    asyncio.run(read(int(port), int(streams), int(on_a_page), lines, projects))
