"""nginx, haproxy and Caddy in front of a real web, and clients that send what is odd on the wire.

A proxy refuses some of it itself. What it passes on must neither break the board nor lie to it.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from quart import Quart

from app.accounts.attempts import SHARES_OF_AN_ADDRESS
from app.settings import Settings
from tests.conftest import NO_LIMITS
from tests.deploy.proxies import STARTS, Proxy, running_proxy
from tests.security.wire import Wire
from tests.security.wire_attack import WireAttack
from tests.support import Board, session_cookie
from tests.waiting import CEILING

pytestmark = pytest.mark.long

INPUTS = 2_000
NAME_TRIES = 2
TRIES = NAME_TRIES * SHARES_OF_AN_ADDRESS
# Methods, versions and encodings that these proxies do not know; Caddy says 502 of a broken body, too.
OF_THE_PROXY = frozenset({b"501", b"502", b"505"})


@pytest.fixture(params=STARTS)
async def proxy(
    request: pytest.FixtureRequest, settings: Settings, tmp_path: Path
) -> AsyncIterator[Proxy]:
    limits = {**NO_LIMITS, "auth_limit_max": NAME_TRIES, "auth_limit_window": 600}
    async with running_proxy(request.param, settings, tmp_path, log_level="ERROR", **limits) as proxy:
        yield proxy


def encryption(proxy: Proxy) -> ssl.SSLContext | None:
    return ssl._create_unverified_context() if proxy.name == "nginx" else None  # noqa: S323


async def exchange(proxy: Proxy, data: bytes) -> bytes:
    """Send a request that asks to be the last one of its connection, and return the answer."""
    context = encryption(proxy)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, ssl=context)
    writer.write(data)
    async with asyncio.timeout(CEILING):
        answer = await reader.read()
    writer.close()
    return answer


async def test_what_is_odd_on_the_wire_breaks_nothing_behind_a_proxy(
    proxy: Proxy, app: Quart, board: Board
):
    user = await board.user()
    cookie, project_id = session_cookie(app, user), await board.project()
    attack = WireAttack(proxy.port, Wire([cookie], project_id, 1), 24, OF_THE_PROXY, encryption(proxy))
    await attack.run(INPUTS)
    print(f"{proxy.name}: {dict(attack.came.most_common())}")
    attack.port = proxy.web_port
    await attack.check_honest(cookie, project_id, user.username)
    status, _, page = await asyncio.to_thread(proxy.ask, "GET", "/")
    assert status == 200
    assert user.username.encode() not in page
    assert not attack.wrong, attack.wrong[:3]


async def test_a_trailer_names_no_other_address(proxy: Proxy):
    head = (
        b"POST /login HTTP/1.1\r\nHost: board.example.org\r\nConnection: close\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    statuses = []
    for number in range(TRIES + 1):
        form = urlencode({"username": f"nobody-{number}", "password": "a wrong one"}).encode()
        trailer = b"X-Forwarded-For: 198.51.100.%d\r\n\r\n" % number
        answer = await exchange(proxy, head + b"%x\r\n%s\r\n0\r\n%s" % (len(form), form, trailer))
        statuses.append(answer[9:12])
    assert statuses[-1] == b"429"


@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/%6detrics", "/metrics#x", "/./metrics"])
async def test_no_spelling_leads_past_the_proxy_to_the_metrics(proxy: Proxy, path: str):
    head = f"GET {path} HTTP/1.1\r\nHost: board.example.org\r\nConnection: close\r\n\r\n"
    answer = await exchange(proxy, head.encode())
    assert re.match(rb"HTTP/1\.[01] 40[04] ", answer), answer[:80]
