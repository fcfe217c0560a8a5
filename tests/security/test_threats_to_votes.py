"""Threats of docs/security.md to votes: one test per threat, with its name."""

import asyncio
import secrets

from app.voting import keys
from app.voting.persist import persist_events
from tests.accounts.hashing import quick_hashes
from tests.asgi_calls import HTMX, Browser, with_middleware
from tests.security.conftest import TRIES, TRIES_OF_AN_ADDRESS
from tests.security.payloads import ADDRESS_HEADERS
from tests.support import session_cookie

__all__ = ["quick_hashes"]

REFUSED = 429
FOREIGN = (
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": None, "origin": "https://evil.example"},
    {"sec-fetch-site": None, "origin": "null"},
    {"sec-fetch-site": "none", "origin": "https://evil.example"},
    {"sec-fetch-site": "none", "origin": "null"},
    {"sec-fetch-site": "cross-site", "origin": "null"},
    {"sec-fetch-site": "same-origin", "origin": "https://localhost.evil.example"},
    {"sec-fetch-site": None, "origin": "app://localhost"},
)


async def tally(redis, project_id: int) -> tuple[int, int]:
    up, down = await redis.hmget(keys.tally(0, project_id), "up", "down")
    return int(up or 0), int(down or 0)


async def test_a_script_votes_again_and_again(app, front, board, redis):
    project_id, script = await board.project(), Browser(front, app, await board.user())
    answers = [await script.vote(project_id, value) for value in (1, -1) * 6]
    assert [answer.status for answer in answers] == [200] * 5 + [REFUSED] * 7
    assert await tally(redis, project_id) == (1, 0)
    assert (await script.vote(project_id, 0)).status == 200  # taking a vote back is never refused


async def test_votes_race_each_other(app, front, browser, board, redis):
    user, (limited, free) = await board.user(), [await board.project() for _ in range(2)]
    devices = [Browser(front, app, user) for _ in range(3)]
    plain = {"hx-request": None}  # not by the fast path
    votes = [device.vote(limited, 1, **way) for device in devices for way in ({}, plain) * 10]
    statuses = [answer.status for answer in await asyncio.gather(*votes)]
    assert sorted(statuses)[-55:] == [REFUSED] * 55
    assert await tally(redis, limited) == (1, 0)
    await asyncio.gather(*[browser(user).vote(free, value) for value in (1, -1, 0, 1, -1) * 12])
    assert sum(await tally(redis, free)) <= 1


async def test_a_request_or_an_event_is_replayed(browser, board, redis, db):
    user, project_id = await board.user(), await board.project()
    for _ in range(5):
        answer = await browser(user).vote(project_id, 1)
        assert 'data-version="1"' in answer.body
    await asyncio.gather(*[persist_events(redis, db, 0) for _ in range(3)])
    assert [event["new_value"] for event in await board.events(project_id)] == [1]
    assert await board.votes(project_id) == {user.id: 1}


async def test_one_person_makes_many_accounts(guarded):
    network, front = f"2001:db8:{secrets.token_hex(2)}:1", with_middleware(guarded)

    async def register(address: str) -> int:
        form = {"username": f"many-{secrets.token_hex(4)}", "password": "long enough"}
        return (await Browser(front, guarded, client=address).post("/register", form)).status

    statuses = [await register(f"{network}::{n}") for n in range(TRIES + 2)]
    assert statuses == [303] * TRIES + [REFUSED] * 2
    assert await register(f"2001:db8:{secrets.token_hex(2)}:2::1") == 303


async def test_another_site_votes_for_its_visitors(browser, board, redis):
    project_id, visitor = await board.project(), browser(await board.user())
    for foreign in FOREIGN:
        for way in ({}, {"hx-request": None}, {"content-type": "text/plain"}):
            assert (await visitor.vote(project_id, 1, **way | foreign)).status == 403
    assert await tally(redis, project_id) == (0, 0)


async def test_another_site_frames_the_board(browser, board):
    project_id, visitor = await board.project(), browser(await board.user())
    for path in ("/", f"/projects/{project_id}", "/login", "/me/settings", "/nothing", "/search?q=x"):
        answer = await visitor.get(path)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"


async def test_somebody_votes_for_another(browser, board, redis):
    (thief, victim), project_id = await board.users(2), await board.project()
    await browser(victim).vote(project_id, 1)
    mine = browser(thief)
    for form in ({"user_id": victim.id}, {"user": victim.username}, {"username": victim.username}):
        for place in ("body", "query"):
            query = "".join(f"?{k}={v}" for k, v in form.items()) if place == "query" else ""
            body = {"value": -1, **(form if place == "body" else {})}
            assert (await mine.post(f"/projects/{project_id}/vote{query}", body, **HTMX)).status == 200
    two = f"{session_cookie_of(mine)}; upvote_session=x"
    await mine.vote(project_id, -1, cookie=two)
    assert await tally(redis, project_id) == (1, 1)
    assert await redis.hget(keys.votes(0, project_id), str(victim.id)) == b"1"


def session_cookie_of(browser: Browser) -> str:
    return f"upvote_session={browser.cookies['upvote_session']}"


async def test_a_client_or_a_proxy_lies_about_addresses(guarded, free_app, board):
    front, behind = with_middleware(guarded), with_middleware(guarded, "10.0.0.0/8")

    async def guess(app, address: str, **headers: str) -> int:
        form = {"username": f"lie-{secrets.token_hex(4)}", "password": "wrong horse"}
        return (await Browser(app, guarded, client=address).post("/login", form, **headers)).status

    liar = f"2001:db8:{secrets.token_hex(2)}:3::1"
    numbers, expected = range(TRIES_OF_AN_ADDRESS + 2), [422] * TRIES_OF_AN_ADDRESS + [REFUSED] * 2
    lies = [dict.fromkeys(ADDRESS_HEADERS, f"192.0.2.{n}") for n in numbers]
    assert [await guess(front, liar, **lie) for lie in lies] == expected
    hop = f"2001:db8:{secrets.token_hex(2)}:4::1"
    chains = [{"x-forwarded-for": f"192.0.2.{n}, {hop}, 10.0.0.9"} for n in numbers]
    assert [await guess(behind, "10.0.0.1", **c) for c in chains] == expected
    cookie = f"upvote_session={session_cookie(free_app, await board.user())}"
    secure = await Browser(front, guarded).post(
        "/logout", cookie=cookie, **{"x-forwarded-proto": "https"}
    )
    assert not any("Secure" in each for each in secure.cookies)
