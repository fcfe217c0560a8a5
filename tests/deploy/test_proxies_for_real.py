"""nginx and Caddy, configured from deploy/, in front of a real web: TLS, addresses, live tallies."""

import asyncio
import contextlib
import http.client
import os
import re
import shutil
import ssl
import subprocess
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from quart import Quart

from app.settings import Settings
from tests.deploy.conftest import ROOT
from tests.http import Connection
from tests.processes import free_port, running_web
from tests.support import Board, session_cookie
from tests.waiting import CEILING, until

pytestmark = pytest.mark.long

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
SITE = "board.example.org"


@dataclass(frozen=True)
class Proxy:
    """A running proxy: its ports for TLS (nginx only) and plain HTTP, and the port of web."""

    name: str
    port: int
    plain_port: int
    web_port: int

    def ask(
        self, method: str, path: str, body: str = "", origin: str = "127.0.0.1", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request from `origin`, an address of this machine; return status, headers and body."""
        connection = self.connect(origin)
        try:
            connection.request(method, path, body or None, {"Host": SITE, **headers})
            reply = connection.getresponse()
            return reply.status, {n.lower(): v for n, v in reply.getheaders()}, reply.read()
        finally:
            connection.close()

    def connect(self, origin: str) -> http.client.HTTPConnection:
        if self.name != "nginx":
            return http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=CEILING, source_address=(origin, 0)
            )
        unchecked = ssl._create_unverified_context()  # noqa: S323 - a self-signed certificate
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=CEILING, source_address=(origin, 0), context=unchecked
        )


@pytest.fixture(params=["nginx", "caddy"])
async def proxy(
    request: pytest.FixtureRequest, settings: Settings, tmp_path: Path
) -> AsyncIterator[Proxy]:
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed here (apt-get install {request.param})")
    limits = {"auth_limit_max": 2, "auth_limit_window": 600, "trusted_proxies": "127.0.0.1"}
    async with running_web(settings, **limits) as web_port:
        proxy = Proxy(request.param, free_port(), free_port(), web_port)
        start = start_nginx if request.param == "nginx" else start_caddy
        process = start(proxy, tmp_path)
        try:
            await until_it_answers(proxy, process)
            yield proxy
        finally:
            process.terminate()
            process.wait(CEILING)


def start_nginx(proxy: Proxy, place: Path) -> subprocess.Popen[bytes]:
    text = (ROOT / "deploy/nginx.conf").read_text()
    certificate = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={SITE}"]
    files = ["-keyout", str(place / "privkey.pem"), "-out", str(place / "fullchain.pem")]
    subprocess.run([*certificate, *files], check=True, capture_output=True, timeout=CEILING)
    changes = {
        "/etc/letsencrypt/live/board.example.org": str(place),
        "127.0.0.1:8000": f"127.0.0.1:{proxy.web_port}",
        "listen 443": f"listen 127.0.0.1:{proxy.port}",
        "listen 80": f"listen 127.0.0.1:{proxy.plain_port}",
    }
    for wanted, ours in changes.items():
        assert wanted in text
        text = text.replace(wanted, ours)
    (place / "site.conf").write_text(text)
    user = "user root; " if os.geteuid() == 0 else ""  # its workers have to enter this folder
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{kind}_temp_path {place}/{kind};" for kind in kinds)
    (place / "nginx.conf").write_text(
        f"{user}daemon off; pid {place}/pid; error_log {place}/error.log; events {{}}\n"
        f"http {{ access_log off; {paths} gzip on; include {place}/site.conf; }}\n"
    )
    return subprocess.Popen(["nginx", "-p", str(place), "-c", str(place / "nginx.conf")])


def start_caddy(proxy: Proxy, place: Path) -> subprocess.Popen[bytes]:
    text = (ROOT / "deploy/Caddyfile").read_text()
    # Turn off the admin port, which would be the same for all tests on this machine.
    (place / "Caddyfile").write_text(text.replace("\tgrace_period", "\tadmin off\n\tgrace_period"))
    home = {name: str(place) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    site = {"SITE": f"http://:{proxy.port}", "UPSTREAM": f"127.0.0.1:{proxy.web_port}"}
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(place / "Caddyfile")]
    return subprocess.Popen(command, env={"PATH": "/usr/bin:/bin", **home, **site})


async def until_it_answers(proxy: Proxy, process: subprocess.Popen[bytes]) -> None:
    async def answers() -> bool:
        assert process.poll() is None
        with contextlib.suppress(OSError):
            return (await asyncio.to_thread(proxy.ask, "GET", "/healthz"))[0] == 200
        return False

    await until(answers, f"for {proxy.name}")


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
    assert [await sign_in(first, number) for number in range(3)] == [422, 422, 429]
    assert await sign_in(second, 4) == 422


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
