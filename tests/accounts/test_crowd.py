"""A crowd registers behind one address while an organiser signs in and others vote.

The verdict is that everybody gets in and nobody is refused. How long votes take is printed.
"""

import asyncio
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

PEOPLE, ARRIVAL_SECONDS = 200, 120.0
QUIET_SECONDS = 30.0
VOTERS, VOTES_A_SECOND = 20, 40
PASSWORD = "a horse in the corn"
KEY = re.compile(r'name="key" value="([^"]+)"')
LIMITS = {"auth_limit_max": 10, "register_limit_max": 300, "rate_limit_max": 0, "account_limit_max": 0}


async def send_in_line(port: int, path: str, form: dict[str, object]) -> tuple[int, int]:
    """Send a form as a browser does, which follows 307; return the status and how often it waited."""
    waited = 0
    async with Connection(port) as browser:
        while (reply := await browser.post(path, form)).status == 307:
            path, waited = reply.headers["location"], waited + 1
    return reply.status, waited


async def register(port: int, number: int) -> tuple[int, int]:
    """Open the page and register, some seconds into the arrival of the crowd, ten at a time."""
    await asyncio.sleep(ARRIVAL_SECONDS * (number // 10) / (PEOPLE // 10))
    async with Connection(port) as browser:
        page = (await browser.get("/register")).text
    form = {"username": f"crowd-{secrets.token_hex(5)}", "password": PASSWORD}
    return await send_in_line(port, "/register", {**form, "key": KEY.search(page)[1]})


async def vote_for(connections, project_id: int, until: asyncio.Event) -> list[float]:
    """Vote at a constant rate until the event; return how long (ms) each vote took."""
    took, waiting, number = [], set(), 0

    async def vote(connection, value: int) -> None:
        began = time.perf_counter()
        assert (await connection.vote(project_id, value)).status == 200
        took.append(1000 * (time.perf_counter() - began))

    while not until.is_set():
        connection = connections[number % len(connections)]
        waiting.add(asyncio.create_task(vote(connection, number // len(connections) % 2)))
        number += 1
        await asyncio.sleep(1 / VOTES_A_SECOND)
        for task in [task for task in waiting if task.done()]:
            waiting.remove(task)
            task.result()
    await asyncio.gather(*waiting)
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
        connections = [Connection(port, session_cookie(app, voter)) for voter in voters]
        quiet, crowded = asyncio.Event(), asyncio.Event()
        asyncio.get_running_loop().call_later(QUIET_SECONDS, quiet.set)
        before = await vote_for(connections, project_id, quiet)
        voting = asyncio.create_task(vote_for(connections, project_id, crowded))
        signing_in = asyncio.create_task(sign_in_now_and_then(port, organiser, crowded))
        began = time.perf_counter()
        people = await asyncio.gather(*[register(port, number) for number in range(PEOPLE)])
        lasted = time.perf_counter() - began
        crowded.set()
        during, signed_in = await voting, await signing_in
        for connection in connections:
            connection.close()
    waited = sorted(times for _, times in people)
    print(f"\n{PEOPLE} registrations in {lasted:.0f} s; in line up to {waited[-1]} times")
    for name, took in (("quiet", before), ("crowd", during)):
        p50, p99 = quantiles(took, n=100)[49], quantiles(took, n=100)[98]
        print(f"votes, {name}: {len(took)}, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    assert {status for status, _ in people} == {303}
    assert set(signed_in) == {303}
