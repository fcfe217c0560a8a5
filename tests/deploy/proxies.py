"""nginx, haproxy and Caddy in front of a real web; nginx and Caddy as deploy/ configures them."""

import asyncio
import contextlib
import http.client
import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.settings import Settings
from tests.deploy.conftest import ROOT
from tests.ports import free_port
from tests.processes import running_web
from tests.waiting import CEILING, until

SITE = "board.example.org"
HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 60s
frontend street
    bind 127.0.0.1:{port}
    http-request deny deny_status 404 if {{ path /metrics }}
    option forwardfor
    default_backend board
backend board
    server web 127.0.0.1:{web}
"""


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


@asynccontextmanager
async def running_proxy(
    name: str, settings: Settings, place: Path, **changes: object
) -> AsyncIterator[Proxy]:
    """Run a web with these settings and a proxy in front of it; skip the test without the proxy."""
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed here (apt-get install {name})")
    async with running_web(settings, trusted_proxies="127.0.0.1", **changes) as web_port:
        proxy = Proxy(name, free_port(), free_port(), web_port)
        process = STARTS[name](proxy, place)
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


def start_haproxy(proxy: Proxy, place: Path) -> subprocess.Popen[bytes]:
    file = place / "haproxy.cfg"
    file.write_text(HAPROXY.format(port=proxy.port, web=proxy.web_port))
    return subprocess.Popen(["haproxy", "-f", str(file)])


STARTS = {"nginx": start_nginx, "haproxy": start_haproxy, "caddy": start_caddy}


async def until_it_answers(proxy: Proxy, process: subprocess.Popen[bytes]) -> None:
    async def answers() -> bool:
        assert process.poll() is None
        with contextlib.suppress(OSError):
            return (await asyncio.to_thread(proxy.ask, "GET", "/healthz"))[0] == 200
        return False

    await until(answers, f"for {proxy.name}")
