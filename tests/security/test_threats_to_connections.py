"""Threats of docs/security.md to connections: one test per threat, with its name."""

import asyncio
import re

import pytest

from tests.fast_client import Client, FastVotesApp
from tests.support import session_cookie
from tests.waiting import CEILING

HIDDEN = "POST /logout HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
# Headers and bodies whose end a proxy may see at another place.
TWO_WAYS_TO_READ = {
    "length and chunks": "Content-Length: 4\r\n" + CHUNKED + "\r\n0\r\n\r\n",
    "chunks and length": CHUNKED + "Content-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": "Content-Length: 4\r\nContent-Length: 0\r\n\r\nabcd",
    "a list of lengths": "Content-Length: 4, 0\r\n\r\nabcd",
    "a length with a sign": "Content-Length: +4\r\n\r\nabcd",
    "a negative length": "Content-Length: -1\r\n\r\nabcd",
    "a length in hex": "Content-Length: 0x4\r\n\r\nabcd",
    "another encoding": "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two encodings": CHUNKED + "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "an odd blank": "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a folded line": "X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "a bare line feed": "X: a\nContent-Length: 4\r\n\r\nabcd",
    "a bare carriage return": "X: a\rContent-Length: 4\r\n\r\nabcd",
    "no number of a chunk": CHUNKED + "\r\nzz\r\n\r\n",
    "an endless chunk": CHUNKED + "\r\n" + "f" * 17 + "\r\n",
    "a negative chunk": CHUNKED + "\r\n-1\r\n\r\n",
    "chunks between line feeds": CHUNKED + "\r\n1\na\n0\n\n",
}


@pytest.mark.parametrize("way", TWO_WAYS_TO_READ)
@pytest.mark.parametrize("path", ["/login", "/projects/1/vote"])
async def test_a_request_hides_within_another(free_app, board, way, path):
    cookie = session_cookie(free_app, await board.user())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nHX-Request: true\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nCookie: upvote_session={cookie}\r\n"
    )
    client = FastVotesApp(free_app).connect()
    client.send((head + TWO_WAYS_TO_READ[way] + HIDDEN).encode("latin-1"))
    assert await statuses(client) == ["400"]
    assert client.closing


async def statuses(client: Client) -> list[str]:
    """Return the status of each answer until the server hangs up."""
    async with asyncio.timeout(CEILING):
        got = await client.answer.read()
    return re.findall(r"HTTP/1\.1 (\d+) ", got.decode("latin-1"))
