"""nginx and Caddy, configured from deploy/, in front of a real web: TLS, addresses, live tallies."""

import asyncio
import http.client
import re
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from quart import Quart

from app.accounts.attempts import SHARES_OF_AN_ADDRESS
from app.settings import Settings
from tests.deploy.proxies import SITE, Proxy, running_proxy
from tests.http import Connection
from tests.support import Board, session_cookie
from tests.waiting import CEILING

pytestmark = pytest.mark.long

TRIES = SHARES_OF_AN_ADDRESS  # wrong passwords from one address, with one for each name
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(params=["nginx", "caddy"])
async def proxy(
    request: pytest.FixtureRequest, settings: Settings, tmp_path: Path
) -> AsyncIterator[Proxy]:
    limits = {"auth_limit_max": 1, "auth_limit_window": 600}
    async with running_proxy(request.param, settings, tmp_path, **limits) as proxy:
        yield proxy


async def test_the_proxy_passes_on_pages_but_not_metrics(proxy: Proxy):
    status, headers, _ = await asyncio.to_thread(proxy.ask, "GET", "/")
    assert status == 200
    assert ("strict-transport-security" in headers) == (proxy.name == "nginx")  # only with TLS
    assert (await asyncio.to_thread(proxy.ask, "GET", "/metrics"))[0] == 404
    if proxy.name == "nginx":
        async with Connection(proxy.plain_port) as connection:
            reply = await connection.request("GET", "/?sort=new", {"X": "y"})
        assert (reply.status, reply.headers["location"][:8]) == (301, "https://")


async def test_a_client_cannot_choose_the_host_that_pages_name(proxy: Proxy):
    forged = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    status, _, page = await asyncio.to_thread(proxy.ask, "GET", "/", "", **forged)
    assert status == 200
    assert f'//{SITE}/"'.encode() in page  # the address of its share card
    assert b"evil.example" not in page


async def test_limits_count_visitors_and_not_the_proxy_despite_forged_headers(proxy: Proxy):
    async def sign_in(origin: str, number: int) -> int:
        forged = {"X-Forwarded-For": f"198.51.100.{number}"}
        form = urlencode({"username": f"nobody-{proxy.name}-{number}", "password": "a wrong one"})
        headers = FORM | forged
        return (await asyncio.to_thread(proxy.ask, "POST", "/login", form, origin, **headers))[0]

    first, second = ("127.0.0.2", "127.0.0.3") if proxy.name == "nginx" else ("127.0.0.4", "127.0.0.5")
    assert [await sign_in(first, number) for number in range(TRIES + 1)] == [422] * TRIES + [429]
    assert await sign_in(second, TRIES + 1) == 422


async def test_only_a_vote_from_the_page_itself_is_accepted(proxy: Proxy, board: Board, app: Quart):
    """The Origin header must match the Host header that the proxy passes on."""
    project_id, user = await board.project(), await board.user()
    scheme = "https" if proxy.name == "nginx" else "http"
    headers = {
        "Content-Type": FORM["Content-Type"],
        "HX-Request": "true",
        "Origin": f"{scheme}://{SITE}",
        "Cookie": f"upvote_session={session_cookie(app, user)}",
    }
    path = f"/projects/{project_id}/vote"
    assert (await asyncio.to_thread(proxy.ask, "POST", path, "value=1", **headers))[0] == 200
    headers["Origin"] = f"{scheme}://elsewhere.example.org"
    assert (await asyncio.to_thread(proxy.ask, "POST", path, "value=0", **headers))[0] == 403


async def test_a_live_tally_is_not_buffered(proxy: Proxy, board: Board, app: Quart):
    """The request accepts compression, like that of a browser."""
    project_id, user = await board.project(), await board.user()
    async with Connection(proxy.web_port, session_cookie(app, user)) as voter:
        assert (await voter.vote(project_id, -1)).status == 200
        stream = await asyncio.to_thread(proxy.connect, "127.0.0.1")
        headers = {"Host": SITE, "Accept": "text/event-stream", "Accept-Encoding": "gzip"}
        await asyncio.to_thread(stream.request, "GET", f"/live?projects={project_id}", None, headers)
        reply = await asyncio.to_thread(stream.getresponse)
        try:
            events = Events(reply)
            assert [project_id, 0, 1] == (await events.next())[:3]
            assert (await voter.vote(project_id, 1)).status == 200
            assert [project_id, 1, 0] == (await asyncio.wait_for(events.next(), CEILING))[:3]
        finally:
            reply.close()
            stream.close()


class Events:
    """The messages of a stream, as soon as they arrive."""

    def __init__(self, reply: http.client.HTTPResponse) -> None:
        self._reply = reply
        packed = reply.headers.get("Content-Encoding") == "gzip"
        self._unpack = zlib.decompressobj(31).decompress if packed else bytes
        self._text = b""

    async def next(self) -> list[int]:
        """Return the numbers in the next message."""
        while (data := re.search(rb"^data: (.*)\n\n", self._text, re.M)) is None:
            chunk = await asyncio.to_thread(self._reply.read1, 65_536)
            assert chunk, "the stream has ended"
            self._text += self._unpack(chunk)
        self._text = self._text[data.end() :]
        return [int(number) for number in re.findall(rb"-?\d+", data[1])]
