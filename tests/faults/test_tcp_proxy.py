"""The proxy does to connections what its methods say."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.faults.tcp_proxy import TcpProxy
from tests.waiting import CEILING, until


@pytest.fixture
async def proxy() -> AsyncIterator[TcpProxy]:
    """Yield a proxy in front of a server that echoes lines in capitals."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionResetError):
            while line := await reader.readline():
                writer.write(line.upper())
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, TcpProxy(server.sockets[0].getsockname()[1]) as proxy:
        yield proxy


async def ask(streams, line: bytes = b"a\n") -> bytes:
    streams[1].write(line)
    return await asyncio.wait_for(streams[0].readline(), CEILING)


async def test_it_forwards_both_ways_and_the_end(proxy):
    streams = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await ask(streams) == b"A\n"
    assert proxy.open == 1
    streams[1].write_eof()
    assert await streams[0].read() == b""
    streams[1].close()
    await until(lambda: proxy.open == 0)


async def test_a_round_trip_takes_the_delay_longer_and_two_at_once_no_longer_than_one(proxy):
    streams = await asyncio.open_connection("127.0.0.1", proxy.port)
    loop = asyncio.get_running_loop()
    proxy.delay, start = 0.2, loop.time()
    streams[1].write(b"a\n")
    await asyncio.sleep(0.01)
    assert await ask(streams, b"b\n") == b"A\n"
    assert await streams[0].readline() == b"B\n"
    assert loop.time() - start >= 0.2
    proxy.heal()
    assert await ask(streams) == b"A\n"
    streams[1].close()


async def test_a_black_hole_loses_everything_until_it_is_healed(proxy):
    streams = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await ask(streams) == b"A\n"
    proxy.black_hole()
    for hanging in (streams, await asyncio.open_connection("127.0.0.1", proxy.port)):
        hanging[1].write(b"b\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(hanging[0].read(1), 0.1)
    proxy.heal()
    assert await streams[0].readline() == b"B\n"
    streams[1].close()
    hanging[1].close()


async def test_a_reset_and_a_cut_end_open_connections_and_new_ones_work(proxy):
    streams = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await ask(streams) == b"A\n"
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        await streams[0].read(1)
    streams = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await ask(streams) == b"A\n"
    proxy.cut()
    assert await streams[0].read() == b""
    streams = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await ask(streams) == b"A\n"
    streams[1].close()


async def test_a_refusal_concerns_new_connections_only(proxy):
    streams = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await ask(streams) == b"A\n"
    proxy.refuse()
    refused = await asyncio.open_connection("127.0.0.1", proxy.port)
    with pytest.raises(ConnectionResetError):
        await refused[0].read(1)
    assert await ask(streams) == b"A\n"
    streams[1].close()


async def test_answers_can_arrive_in_pieces(proxy):
    proxy.split = lambda data: [data[:1], data[1:]]
    streams = await asyncio.open_connection("127.0.0.1", proxy.port)
    streams[1].write(b"abc\n")
    assert await streams[0].read(100) == b"A"
    assert await streams[0].readline() == b"BC\n"
    streams[1].close()
