"""The server hangs up on slow clients, and other clients do not notice. This takes a minute.

The test checks that the server hangs up, but not before half of its limit (RECEIVE_SECONDS or
KEEP_ALIVE_SECONDS) has passed.
"""

import asyncio
import contextlib
import time

import pytest

from app.server.deadlines import RECEIVE_SECONDS
from app.server.web import KEEP_ALIVE_SECONDS
from tests.http import Connection
from tests.processes import running_web
from tests.support import session_cookie
from tests.waiting import CEILING

HEAD = RECEIVE_SECONDS
FORM = "Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n"
VOTE = "POST /projects/1/vote HTTP/1.1\r\nHX-Request: true\r\n" + FORM
LOGIN = "POST /login HTTP/1.1\r\n" + FORM
CASES = {
    "nothing": ("", "", HEAD, b""),
    "half a head": ("GET / HTTP/1.1\r\nHost:", "", HEAD, b"408"),
    "a head by drips": ("GET / HTTP/1.1\r\nX-Drip: ", "x", HEAD, b"408"),
    "rest after an answer": (
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "",
        KEEP_ALIVE_SECONDS,
        b"200",
    ),
    "no body": (LOGIN + "\r\n", "", HEAD, b"408"),
    "a body by drips": (LOGIN.replace(": 7", ": 99") + "\r\n", "x", HEAD, b"408"),
    "a vote without a body": (VOTE + "Cookie: upvote_session={}\r\n\r\n", "", HEAD, b"408"),
    "a vote with half of one": (VOTE + "Cookie: upvote_session={}\r\n\r\nval", "", HEAD, b"408"),
}


@pytest.mark.long
async def test_a_client_sends_slowly(settings, app, board):
    cookie = session_cookie(app, await board.user())
    async with running_web(settings, log_level="ERROR") as port:
        names = list(CASES)
        answers = asyncio.gather(*[send_slowly(port, *CASES[name][:2], cookie) for name in names])
        while not answers.done():
            async with Connection(port) as connection:
                assert (await connection.get("/healthz")).status == 200
            await asyncio.wait([answers], timeout=0.5)
    for name, (status, seconds) in zip(names, answers.result(), strict=True):
        print(f"{name}: {status.decode() or 'hung up'} after {seconds:.1f} s")
        _, _, allowed, expected = CASES[name]
        assert (status, seconds > allowed / 2) == (expected, True), name


async def send_slowly(port: int, first: str, drip: str, cookie: str) -> tuple[bytes, float]:
    """Return the status and the seconds until the server has hung up."""
    started = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first.replace("{}", cookie).encode())
    reading = asyncio.create_task(reader.read())
    with contextlib.suppress(ConnectionError):
        while not reading.done():
            assert time.monotonic() - started < CEILING + KEEP_ALIVE_SECONDS, (
                "the server does not hang up"
            )
            await asyncio.wait([reading], timeout=1)
            writer.write(drip.encode())
    writer.close()
    reading.cancel()
    answer = reading.result() if reading.done() and not reading.exception() else b""
    return answer[9:12], time.monotonic() - started
