"""A simulated attack: two accounts and a script against a board with two processes.

docs/security.md lists what is tried. It takes about a minute.
"""

import asyncio
import re
import secrets
from collections import Counter
from contextlib import AsyncExitStack

import pytest

from app.accounts.attempts import SHARES_OF_AN_ADDRESS
from app.accounts.passwords import hash_password
from app.accounts.queries import insert_user
from app.accounts.tokens import CACHE_SECONDS
from app.moderation.actions import suspend
from app.operations.verify.verify import verify
from app.repeat import FOLLOW_SECONDS
from app.voting import keys
from tests.http import Connection
from tests.processes import running, running_web
from tests.security.city import HTMX, PASSWORD, City, Device
from tests.security.payloads import ADDRESS_HEADERS
from tests.waiting import CEILING, until

pytestmark = pytest.mark.long

WRONG, SUBMISSIONS, ACCOUNT_VOTES, TOKENS = 1, 5, 60, 50
SIGN_INS = WRONG * SHARES_OF_AN_ADDRESS  # wrong passwords from the address of the attackers


@pytest.fixture(scope="module")
async def city(settings, db):
    password_hash = await hash_password(PASSWORD)
    people = [await insert_user(db, f"out-{secrets.token_hex(5)}", password_hash) for _ in range(3)]
    changes = {"auth_limit_max": WRONG, "submit_limit_max": SUBMISSIONS}
    changes |= {f"{limit}_limit_window": 3600 for limit in ("auth", "submit", "rate", "account")}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running("worker", settings, log_level="ERROR"))
        starting = [
            stack.enter_async_context(running_web(settings, log_level="ERROR", **changes))
            for _ in range(2)
        ]
        yield City(list(await asyncio.gather(*starting)), people[:2], people[2])


@pytest.fixture(scope="module")
async def devices(city):
    """Return the devices of each attacker at each process, with a token each."""
    found = [await city.sign_in(attacker, port) for attacker in city.attackers for port in city.ports]
    for device in found:
        page = await device.post("/me/settings/tokens", {"name": "script"})
        device.token = re.search(r"uv_[\w-]{40,}", page.text).group()
    return found


@pytest.fixture
def persisted(board, redis):
    """Return a function that persists everything and returns the votes of a project."""

    async def nothing_waits() -> bool:
        return not await redis.xlen(keys.events(0))

    async def persisted(project_id: int) -> dict[int, int]:
        await until(nothing_waits, "for the worker")
        return await board.votes(project_id)

    return persisted


async def test_no_vote_is_counted_twice(city, devices, board, app, persisted):
    project_id, one = await board.project(), devices[0]
    request = (
        f"POST /projects/{project_id}/vote HTTP/1.1\r\nHost: 127.0.0.1\r\nHX-Request: true\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nCookie: upvote_session={one.cookie}\r\n"
        "Content-Length: 7\r\n\r\nvalue=1"
    ).encode()
    ways = ("fast", "plain", "api")
    votes = [device.vote(project_id, 1, way) for device in devices for way in ways for _ in range(15)]
    statuses, *_ = await asyncio.gather(
        asyncio.gather(*votes),
        *[replay(port, data) for port in city.ports for data in (request, request * 30)],
        *[replay(port, request[:-1], answered=False) for port in city.ports],
    )
    print(f"races and replays: {Counter(statuses)}")
    assert set(statuses) <= {200, 303, 429}
    shown = (await one.get(f"/api/projects/{project_id}")).text
    assert '"upvotes":2,"downvotes":0' in shown
    assert await persisted(project_id) == {attacker.id: 1 for attacker in city.attackers}
    assert len(await board.events(project_id)) == 2
    assert not (await verify(app.extensions["upvote"], [project_id])).findings


async def replay(port: int, data: bytes, *, answered: bool = True) -> None:
    """Send the recorded bytes thirty times, without waiting for all answers."""
    for _ in range(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        await writer.drain()
        if answered:
            async with asyncio.timeout(CEILING):
                assert await reader.read(65536)
        writer.close()


async def test_no_limit_on_votes_is_exceeded(devices, board):
    project_id, ways = await board.project(), ("fast", "plain", "api")
    statuses = await asyncio.gather(
        *[devices[n % 2].vote(project_id, (1, -1)[n % 2], ways[n % 3]) for n in range(120)]
    )
    accepted = sum(status in (200, 303) for status in statuses)
    print(f"one account, one project: {Counter(statuses)}")
    assert accepted <= 5
    projects = [await board.project() for _ in range(25)]
    statuses = await asyncio.gather(
        *[devices[n % 2].vote(projects[n % 25], (1, -1)[n // 25 % 2], ways[n % 3]) for n in range(150)]
    )
    print(f"one account, many projects: {Counter(statuses)}")
    assert sum(status in (200, 303) for status in statuses) <= ACCOUNT_VOTES


async def test_no_other_limit_is_exceeded(city, devices, db):
    forms = [{"title": f"Spam {n}", "url": "", "description": ""} for n in range(40)]
    sent = await asyncio.gather(
        *[devices[2 + n % 2].post("/projects/new", form) for n, form in enumerate(forms)]
    )
    assert Counter(reply.status for reply in sent) == {303: SUBMISSIONS, 429: 40 - SUBMISSIONS}
    made = await asyncio.gather(
        *[devices[2 + n % 2].post("/me/settings/tokens", {"name": f"t{n}"}) for n in range(80)]
    )
    kept = await db.fetchval("SELECT count(*) FROM api_tokens WHERE user_id = $1", city.attackers[1].id)
    print(f"tokens: {Counter(reply.status for reply in made)}, kept {kept}")
    assert kept == TOKENS


async def test_no_vote_of_another_is_changed(city, devices, board, persisted):
    victim, project_id = await city.sign_in(city.victim, city.ports[0]), await board.project()
    assert await victim.vote(project_id, 1) == 200
    await persisted(project_id)
    number, name = city.victim.id, city.victim.username
    thief = devices[2]
    for more in ({"user_id": number}, {"user": name}, {"upvote_session": victim.cookie}):
        for headers in (HTMX, {"X-User-Id": str(number)}, {"X-Remote-User": name}, {"From": name}):
            query = "&".join(f"{key}={value}" for key, value in more.items())
            path = f"/projects/{project_id}/vote?{query}"
            await thief.post(path, {"value": -1, **more}, headers)
    for cookie in cookies_of(thief.cookie, victim.cookie, number, name):
        await Device(thief.port, cookie).vote(project_id, -1)
    body = b'{"project_id": %d, "vote_type": "down", "user_id": %d}' % (project_id, number)
    async with Connection(thief.port) as connection:
        headers = {"Authorization": f"Bearer {thief.token}"}
        await connection.request("POST", "/api/votes", headers, body)
    votes = await persisted(project_id)
    assert votes[number] == 1
    assert set(votes) <= {number, city.attackers[1].id}


def cookies_of(mine: str, theirs: str, number: int, name: str) -> list[str]:
    """Return cookies that combine the attacker's cookie with known parts of the victim's."""
    (_, time, signature), (their_payload, their_time, their_signature) = (
        cookie.split(".") for cookie in (mine, theirs)
    )
    return [
        f"{their_payload}.{time}.{signature}", f"{their_payload}.{their_time}.{signature}",
        f"{their_payload}.{time}.", f"{their_payload}..{their_signature[:-4]}", f"{number}.{name}.0",
        f"{mine}; user_id={number}", f"{their_payload}.{their_time}.{their_signature[::-1]}",
    ]  # fmt: skip


async def test_no_session_is_stolen(city, devices, board, persisted):
    attacker, (here, there) = city.attackers[0], city.ports
    victim = await city.sign_in(city.victim, here)
    stolen = Device(there, victim.cookie)  # no page shows the cookie; this simulates a theft
    assert await stolen.is_in()
    planted = Device(here, devices[0].cookie)
    again = await planted.post("/login", {"username": city.victim.username, "password": PASSWORD})
    assert f"upvote_session={planted.cookie}" not in again.headers["set-cookie"]
    assert attacker.username in (await planted.get("/me/settings")).text
    form = {"current": PASSWORD, "password": "battery staple"}
    assert (await victim.post("/me/settings/password", form)).status == 303
    assert not await victim.is_in()  # the old cookie is invalid; the browser got a new one
    project_id = await board.project()
    assert FOLLOW_SECONDS < 5
    await until(lambda: is_refused(stolen, project_id, "fast"), every=0.1)
    assert await stolen.vote(project_id, 1, "plain") == 303  # redirected to sign in
    assert not await stolen.is_in()
    assert not await persisted(project_id)


async def test_a_suspension_ends_cookie_and_token(city, devices, app, board):
    device, there = devices[2], Device(city.ports[0], devices[2].cookie, devices[2].token)
    project_id = await board.project()
    await device.vote(project_id, 0, "api")
    await there.vote(project_id, 0, "api")  # so that both processes know the token
    services = app.extensions["upvote"]
    accounts = app.extensions["upvote_accounts"]
    admin, user = city.victim, city.attackers[1]
    assert await suspend(services, accounts, admin.id, user.id, "It was an attack.")
    assert max(FOLLOW_SECONDS, CACHE_SECONDS) < 10
    for each in (device, there):
        await until(lambda each=each: is_refused(each, project_id, "fast"), every=0.1)
        await until(lambda each=each: is_refused(each, project_id, "api"), every=0.1)
        assert not await each.is_in()


async def is_refused(device: Device, project_id: int, way: str) -> bool:
    return await device.vote(project_id, 0, way) == 401


async def test_no_limit_on_sign_ins_is_exceeded(city):
    """This test runs last, because it uses up all attempts of this address."""
    form = {"password": "wrong horse"}
    lies = [dict.fromkeys(ADDRESS_HEADERS, f"198.51.100.{n}") for n in range(60)]
    replies = await asyncio.gather(
        *[
            Device(city.ports[n % 2]).post("/login", {**form, "username": f"guess-{n}"}, lie)
            for n, lie in enumerate(lies)
        ]
    )
    tried = Counter(reply.status for reply in replies)
    print(f"sign-ins: {tried}")
    assert tried.keys() <= {307, 422, 429}  # 307: still in line
    assert 0 < tried[422] <= SIGN_INS
    left = SIGN_INS - tried[422]
    more = [await guess(city, f"more-{n}") for n in range(left + 1)]
    assert more == [422] * left + [429]


async def guess(city, username: str) -> int:
    """Try a wrong password, and wait in line for it."""
    path, form = "/login", {"username": username, "password": "wrong horse"}
    while (reply := await Device(city.ports[0]).post(path, form)).status == 307:
        path = reply.headers["location"]
    return reply.status
