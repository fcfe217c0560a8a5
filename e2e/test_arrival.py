"""A page that arrives in small pieces, as over a slow network, is painted once and does not move."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from e2e.layout_shift import layout_shift

PIECE = 200  # bytes


@asynccontextmanager
async def slow_network(port: int):
    """Forward connections to the port, and give HTML in pieces; yield the base URL."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            is_page = b"text/html" in data[:1000]
            for at in range(0, len(data), PIECE if is_page else len(data)):
                writer.write(data[at : at + PIECE] if is_page else data)
                await writer.drain()
                await asyncio.sleep(0.01 * is_page)
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)
        copies = copy(reader, to_writer), copy(to_reader, writer)
        await asyncio.gather(*copies, return_exceptions=True)

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("path", ["/projects/{project}/delete", "/projects/{project}", "/?sort=new"])
async def test_nothing_moves_while_a_page_arrives(new_context, board, port, path):
    user = await board.user()
    project = await board.project(user)
    async with slow_network(port) as address:
        headers = {"Accept-Encoding": "identity"}
        phone = {"width": 360, "height": 800}
        context = await new_context(user, base_url=address, viewport=phone, extra_http_headers=headers)
        page = await context.new_page()
        await page.goto(path.format(project=project))
        assert await layout_shift(page) == 0
        await context.close()
