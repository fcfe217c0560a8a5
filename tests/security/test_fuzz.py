"""Malformed inputs sent to the server: no 5xx, no hang, no unescaped echo, steady memory."""

import faulthandler
import http.client
import time
from urllib.parse import urlencode

import psutil
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.conftest import NO_LIMITS
from tests.ports import free_port
from tests.processes import running, until_alive
from tests.security.attack import AT_ONCE, Attack
from tests.security.payloads import MARK
from tests.security.watch import MEGABYTE, Watch
from tests.support import session_cookie
from tests.waiting import CEILING

STEADY = 20 * MEGABYTE  # how much memory may grow after the first fifth of a run
PATHS = ("/login", "/register", "/projects/new", "/projects/1/vote", "/me/settings", "/logout")
TEXT = (
    st.text(max_size=60) | st.just(MARK) | st.binary(max_size=40).map(lambda raw: raw.decode("latin-1"))
)
FORM = st.dictionaries(
    st.sampled_from(["username", "password", "next", "title", "url", "description", "value"]) | TEXT,
    TEXT,
    max_size=6,
)
COOKIE = st.binary(max_size=80).map(lambda raw: bytes(b for b in raw if b >= 0x20 and b != 0x7F))
SHORT = pytest.mark.parametrize(
    "count", [pytest.param(200, id="short"), pytest.param(100_000, id="long", marks=pytest.mark.fuzz)]
)


@pytest.fixture(scope="module")
async def own_server(settings):
    """A running board: its port and its process. A password checked for each input would take hours."""
    port, limits = free_port(), {**NO_LIMITS, "auth_limit_max": 60}
    async with running("web", settings, port=port, log_level="ERROR", **limits) as pid:
        await until_alive(port)
        yield port, psutil.Process(pid)


@pytest.fixture
async def cookies(app, board, db):
    """Return the cookies of a user and of an admin."""
    user, admin = await board.users(2)
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)
    await board.project(user)
    return [session_cookie(app, account) for account in (user, user, user, admin)]


@SHORT
async def test_malformed_http_breaks_nothing(own_server, cookies, count):
    port, process = own_server
    if count > 1000:
        faulthandler.cancel_dump_traceback_later()  # a run takes minutes, which is expected
    seed, started = (1 if count < 1000 else int(time.time())), time.monotonic()
    attack, watch = Attack(port, cookies, seed), Watch(port, process)
    await attack.run(min(AT_ONCE, count // 2))
    watch.sample()
    async with watch.looking():
        await attack.run(count - min(AT_ONCE, count // 2))
    await watch.until_alone()
    watch.sample()
    print(f"seed {seed}, {count} inputs in {time.monotonic() - started:.0f} s; {watch}")
    print(f"sent {dict(attack.sent.most_common())}\ncame {dict(attack.came.most_common())}")
    assert not attack.found, attack.found[:3]
    assert watch.growth() < STEADY


def send(port: int, path: str, body: bytes, headers: dict[str, str | bytes]) -> tuple[int, bytes]:
    """Send a form; return the status and the body of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CEILING)
    try:
        connection.request("POST", path, body, headers)  # type: ignore[arg-type]
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@SHORT
def test_forms_and_cookies_of_any_kind_break_nothing(own_server, count):
    port, _ = own_server
    tried = [0]

    @examples(
        max_examples=max(count // 10, 40), deadline=None, database=None,
        derandomize=count < 1000, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.sampled_from(PATHS), FORM, COOKIE)
    def post(path: str, form: dict[str, str], cookie: bytes) -> None:
        tried[0] += 1
        body = urlencode(form, errors="replace").encode()
        kind = "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, "Cookie": b"upvote_session=" + cookie}
        status, page = send(port, path, body, headers)
        deadline = time.monotonic() + CEILING
        while status == 503 and time.monotonic() < deadline:  # PostgreSQL was busy
            time.sleep(0.1)
            status, page = send(port, path, body, headers)
        assert status < 500, (path, form, cookie, page)
        assert b"<uv" not in page

    post()
    print(f"{tried[0]} forms")
