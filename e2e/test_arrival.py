"""A page that arrives in small pieces, as over a slow network, is painted once and does not move."""

import pytest

from e2e.layout_shift import layout_shift
from tests.faults.tcp_proxy import TcpProxy

PIECE = 200  # bytes


def in_pieces(data: bytes) -> list[bytes]:
    """Split HTML into small pieces, and nothing else."""
    is_page = b"text/html" in data[:1000]
    return [data[at : at + PIECE] for at in range(0, len(data), PIECE)] if is_page else [data]


@pytest.mark.parametrize("path", ["/projects/{project}/delete", "/projects/{project}", "/?sort=new"])
async def test_nothing_moves_while_a_page_arrives(new_context, board, port, path):
    user = await board.user()
    project = await board.project(user)
    async with TcpProxy(port) as proxy:
        proxy.split = in_pieces
        headers = {"Accept-Encoding": "identity"}
        phone = {"width": 360, "height": 800}
        context = await new_context(
            user, base_url=f"http://127.0.0.1:{proxy.port}", viewport=phone, extra_http_headers=headers
        )
        page = await context.new_page()
        await page.goto(path.format(project=project))
        assert await layout_shift(page) == 0
        await context.close()
