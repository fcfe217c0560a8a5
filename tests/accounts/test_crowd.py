"""A crowd registers behind one address while an organiser signs in and others vote.

The verdict is that everybody gets in and nobody is refused. How long votes take is printed.
"""

import asyncio
import os
import random
import re
import secrets
import time
from statistics import quantiles

import pytest

from app.accounts.passwords import hash_password
from app.accounts.queries import insert_user
from app.voting import keys
from tests.http import Connection
from tests.processes import running_web
from tests.support import session_cookie

pytestmark = pytest.mark.long

PEOPLE, ARRIVAL_SECONDS = int(os.environ.get("CROWD", "200")), float(os.environ.get("ARRIVAL", "300"))
QUIET_SECONDS = 30.0
VOTERS, VOTE_EVERY = 20, 0.5
PASSWORD = "a horse in the corn"
KEY = re.compile(r'name="key" value="([^"]+)"')
LIMITS = {"auth_limit_max": 10, "register_limit_max": 300, "rate_limit_max": 0, "account_limit_max": 0}


async def send_in_line(port: int, path: str, form: dict[str, object]) -> tuple[int, int]:
    """Send a form as a browser does, which follows 307, and as people do after a 503, in 3 s.

    Return the status and how often it was sent again.
    """
    again = 0
    async with Connection(port) as browser:
        while (reply := await browser.post(path, form)).status in (307, 503):
            path, again = reply.headers.get("location", path.partition("?")[0]), again + 1
            await asyncio.sleep(int(reply.headers.get("retry-after", 0)))
    return reply.status, again


async def register(port: int, number: int) -> tuple[int, int]:
    """Open the page and register, some seconds into the arrival of the crowd."""
    await asyncio.sleep(ARRIVAL_SECONDS * (number + random.random()) / PEOPLE)
    async with Connection(port) as browser:
        page = (await browser.get("/register")).text
    form = {"username": f"crowd-{secrets.token_hex(5)}", "password": PASSWORD}
    return await send_in_line(port, "/register", {**form, "key": KEY.search(page)[1]})


async def vote_for(cookies, port: int, project_id: int, until: asyncio.Event) -> list[float]:
    """Let each account vote twice a second until the event; return how long (ms) each vote took."""
    took = []

    async def vote_on_and_on(cookie: str, number: int) -> None:
        async with Connection(port, cookie) as connection:
            await asyncio.sleep(VOTE_EVERY * number / len(cookies))
            while not until.is_set():
                began = time.perf_counter()
                reply = await connection.vote(project_id, len(took) % 2)
                assert reply.status in (200, 503)  # 503: the machine is busy with something else
                took.append(1000 * (time.perf_counter() - began))
                await asyncio.sleep(VOTE_EVERY)

    await asyncio.gather(*[vote_on_and_on(cookie, n) for n, cookie in enumerate(cookies)])
    return took


async def sign_in_now_and_then(port: int, name: str, until: asyncio.Event) -> list[int]:
    """Sign in every five seconds, each time with a browser that does not know the account."""
    statuses = []
    while not until.is_set():
        form = {"username": name, "password": PASSWORD}
        statuses.append((await send_in_line(port, "/login", form))[0])
        await asyncio.sleep(5)
    return statuses


async def test_two_hundred_people_register_behind_one_address(settings, app, board, db, redis):
    await redis.delete(*[keys.limit(kind, "127.0.0.1") for kind in ("address", "register")])
    organiser, project_id = f"boss-{secrets.token_hex(4)}", await board.project()
    await insert_user(db, organiser, await hash_password(PASSWORD))
    voters = await board.users(VOTERS)
    async with running_web(settings, log_level="ERROR", **LIMITS) as port:
        cookies = [session_cookie(app, voter) for voter in voters]
        quiet, crowded = asyncio.Event(), asyncio.Event()
        asyncio.get_running_loop().call_later(QUIET_SECONDS, quiet.set)
        before = await vote_for(cookies, port, project_id, quiet)
        voting = asyncio.create_task(vote_for(cookies, port, project_id, crowded))
        signing_in = asyncio.create_task(sign_in_now_and_then(port, organiser, crowded))
        began = time.perf_counter()
        people = await asyncio.gather(*[register(port, number) for number in range(PEOPLE)])
        lasted = time.perf_counter() - began
        crowded.set()
        during, signed_in = await voting, await signing_in
    waited = sorted(times for _, times in people)
    print(f"\n{PEOPLE} registrations in {lasted:.0f} s; in line up to {waited[-1]} times")
    for name, took in (("quiet", before), ("crowd", during)):
        p50, p99 = quantiles(took, n=100)[49], quantiles(took, n=100)[98]
        print(f"votes, {name}: {len(took)}, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    assert {status for status, _ in people} == {303}
    assert set(signed_in) == {303}
