"""Threats of docs/security.md to accounts: one test per threat, with its name."""

import asyncio
import base64
import hashlib
import json
import re
import secrets
import time
from functools import partial
from types import SimpleNamespace

import pytest
from argon2 import PasswordHasher, extract_parameters
from itsdangerous import URLSafeTimedSerializer

from app.accounts.commands import create_token
from app.accounts.passwords import _unmatchable_hash, hash_password
from app.accounts.queries import insert_user
from app.accounts.revocation import Revocations, end_sessions
from app.accounts.tokens import CACHE_SECONDS, TokenCache, token_hash
from app.repeat import FOLLOW_SECONDS, repeat
from app.voting import keys
from tests.accounts.hashing import WEAK, quick_hashes
from tests.asgi_calls import Browser, with_middleware
from tests.conftest import SECRET
from tests.security.conftest import TRIES, TRIES_OF_AN_ADDRESS
from tests.support import session_cookie
from tests.waiting import until

__all__ = ["quick_hashes"]

PASSWORD = "correct horse"


@pytest.fixture
async def account(db):
    """Return an account with a password."""
    return await insert_user(db, f"p-{secrets.token_hex(5)}", await hash_password(PASSWORD))


async def is_in(browser: Browser) -> bool:
    return (await browser.get("/me/settings")).status == 200


async def sign_in(browser: Browser, name: str, password: str = PASSWORD):
    return await browser.post("/login", {"username": name, "password": password})


async def test_passwords_are_guessed(guarded, account):
    front = with_middleware(guarded)

    def anywhere() -> Browser:
        return Browser(front, guarded, client=f"2001:db8:{secrets.token_hex(2)}:5::1")

    guesses = [
        (await sign_in(anywhere(), account.username, "wrong horse")).status for _ in range(TRIES)
    ]
    assert guesses == [422] * TRIES
    assert (await sign_in(anywhere(), account.username)).status == 429  # even with the right password
    one = anywhere()
    names = [f"guess-{secrets.token_hex(3)}" for _ in range(TRIES_OF_AN_ADDRESS + 1)]
    sprayed = [(await sign_in(one, name)).status for name in names]
    assert sprayed == [422] * TRIES_OF_AN_ADDRESS + [429]


async def test_somebody_looks_for_who_has_an_account(browser, account, monkeypatch):
    pages, worked = [], []

    class Noting(PasswordHasher):
        def hash(self, *arguments):
            worked.append("hash")
            return super().hash(*arguments)

        def verify(self, *arguments):
            worked.append("verify")
            return super().verify(*arguments)

    costs = {"time_cost": WEAK.time_cost, "memory_cost": WEAK.memory_cost}
    hasher = Noting(**costs, parallelism=WEAK.parallelism)
    monkeypatch.setattr("app.accounts.passwords._hasher", hasher)
    for name in (account.username, f"q-{secrets.token_hex(5)}"):
        answer = await sign_in(browser(), name, "wrong horse")
        assert answer.status == 422
        pages.append(answer.body.replace(name, "NAME"))
    assert pages[0] == pages[1]
    assert worked == ["verify"] * 2  # the same work; test_timing.py measures the time
    assert extract_parameters(_unmatchable_hash()) == extract_parameters(account.password_hash)


async def test_a_cookie_is_forged(free_app, browser, board, redis):
    victim, project_id = await board.user(), await board.project()
    auth_id = f"{victim.id}.{victim.username}.9999999999999"
    real = session_cookie(free_app, await board.user())
    payload = base64.urlsafe_b64encode(json.dumps(auth_id).encode()).decode().rstrip("=")
    forged = [
        auth_id, payload, f"{payload}.", f"{payload}.aaaa.", real.rpartition(".")[0] + ".",
        ".".join([payload, *real.split(".")[1:]]), real.swapcase(), real[:-2],
        URLSafeTimedSerializer("x" * 16, "upvote session").dumps(auth_id),
        URLSafeTimedSerializer(SECRET, "cookie-session").dumps(auth_id),
        URLSafeTimedSerializer(SECRET, "upvote session").dumps(auth_id),  # SHA-1 instead of SHA-512
        free_app.session_interface.get_signing_serializer(free_app).dumps({"_user_id": victim.id}),
    ]  # fmt: skip
    for cookie in forged:
        thief = browser()
        thief.cookies["upvote_session"] = cookie
        assert not await is_in(thief), cookie
        assert (await thief.vote(project_id, 1)).status == 401, cookie
        assert "Sign in" in (await thief.get("/")).body
    assert not await redis.exists(keys.votes(0, project_id))


async def test_a_token_is_forged(settings, browser, board, free_app):
    user, body = await board.user(), b'{"project_id": 1, "vote_type": "up"}'
    token = await create_token(settings, user.username)
    forged = [
        token_hash(token).hex(), token.upper(), token[:-1], token + "x", f"{token} {token}", "uv_",
        session_cookie(free_app, user), hashlib.sha256(b"").hexdigest(), "null", "' OR 1=1 --", "*",
    ]  # fmt: skip
    caller = browser(user)
    for each in [*forged, token]:
        answer = await caller._ask("POST", "/api/votes", {"authorization": f"Bearer {each}"}, body)
        assert (answer.status == 401) == (each != token), each
    for header in ({"authorization": f"Basic {token}"}, {"authorization": token}, {"x-token": token}):
        assert (await caller._ask("POST", "/api/votes", header, body)).status == 401


async def test_a_cookie_is_stolen(free_app, browser, board, account):
    owner, project_id = browser(), await board.project()
    answer = await sign_in(owner, account.username)
    for cookie in answer.cookies:
        assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    thief = browser()
    thief.cookies = dict(owner.cookies)
    assert (await thief.vote(project_id, 1)).status == 200
    form = {"current": PASSWORD, "password": "battery staple"}
    changed = await owner.post("/me/settings/password", form)
    assert changed.status == 303
    for cookie in changed.cookies:  # the message for the next page has its own cookie
        assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert (await thief.vote(project_id, -1)).status == 401
    assert "Sign in" in (await thief.get("/")).body
    assert not await is_in(thief)
    assert await is_in(owner)


async def test_another_process_lets_an_ended_session_in(board, db, monkeypatch):
    assert FOLLOW_SECONDS <= 1
    monkeypatch.setattr("app.repeat.FOLLOW_SECONDS", 0.01)
    user, there = await board.user(), Revocations()
    await there.catch_up(db)
    following = asyncio.create_task(repeat(partial(there.try_to_catch_up, db)))
    ended = await end_sessions(db, user.id)
    await until(lambda: there.is_over(user.id, ended), "for the next reading")
    following.cancel()
    await asyncio.wait({following})


async def test_a_token_outlives_the_rights_of_its_account(settings, board, db, monkeypatch):
    assert CACHE_SECONDS <= 5
    clock = [1000.0]
    monkeypatch.setattr("app.accounts.tokens.time", SimpleNamespace(monotonic=lambda: clock[0]))
    user, there = await board.user(), TokenCache()
    token = await create_token(settings, user.username)
    assert await there.user_id(db, token) == user.id
    await db.execute("UPDATE users SET suspended_at = now() WHERE id = $1", user.id)
    clock[0] += CACHE_SECONDS
    assert await there.user_id(db, token) is None
    await db.execute("UPDATE users SET suspended_at = NULL WHERE id = $1", user.id)


async def test_a_session_is_planted(browser, board, account):
    thief = browser(await board.user())
    victim = browser()
    victim.cookies = dict(thief.cookies)  # before the victim signs in
    planted = victim.cookies["upvote_session"]
    await sign_in(victim, account.username)
    assert victim.cookies["upvote_session"] != planted
    assert account.username in (await victim.get("/me/settings")).body
    assert account.username not in (await thief.get("/me/settings")).body
    first, moment = victim.cookies["upvote_session"], time.time_ns() // 1_000_000
    await until(lambda: time.time_ns() // 1_000_000 > moment, "for the next millisecond", every=0)
    await sign_in(victim, account.username)
    assert victim.cookies["upvote_session"] != first  # rotated with each sign-in


async def test_somebody_changes_what_is_anothers(browser, board, db):
    owner, thief = await board.users(2)
    project_id = await board.project(owner)
    await browser(owner).post("/me/settings/tokens", {"name": "mine"})
    token_id = await db.fetchval("SELECT id FROM api_tokens WHERE user_id = $1", owner.id)
    before = await db.fetchrow("SELECT * FROM projects WHERE id = $1", project_id)
    tried = {
        f"/projects/{project_id}/edit": {"title": "Stolen", "author_id": thief.id},
        f"/projects/{project_id}/delete": {"confirm": "yes"},
        f"/me/settings/tokens/{token_id}/revoke": {},
    }
    for path, form in tried.items():
        assert (await browser(thief).post(path, form)).status in (403, 404)
        assert (await browser().post(path, form)).status == 303  # to sign in
    assert await db.fetchrow("SELECT * FROM projects WHERE id = $1", project_id) == before
    assert await db.fetchval("SELECT count(*) FROM api_tokens WHERE id = $1", token_id) == 1


async def test_a_user_does_what_admins_do(free_app, browser, board, db):
    user, victim = await board.users(2)
    project_id = await board.project(victim)
    rules = [rule.rule for rule in free_app.url_map.iter_rules()]
    paths = [rule for rule in rules if rule.startswith(("/admin", "/ops"))]
    assert len(paths) >= 5
    for rule in paths:
        path = re.sub("<id:[a-z_]+>", str(project_id), rule).replace("<username>", victim.username)
        form = {"action": "hide" if "projects" in rule else "suspend", "reason": "because"}
        for who, refused in ((browser(user), 403), (browser(), 303)):
            statuses = {(await who.get(path)).status, (await who.post(path, form)).status}
            assert refused in statuses <= {refused, 405}, path
    hidden = await db.fetchval("SELECT hidden_at FROM projects WHERE id = $1", project_id)
    suspended = await db.fetchval("SELECT suspended_at FROM users WHERE id = $1", victim.id)
    assert hidden is None
    assert suspended is None
    form = {"username": f"b-{secrets.token_hex(5)}", "password": PASSWORD, "is_admin": "true"}
    await browser().post("/register", form)
    assert not await db.fetchval("SELECT is_admin FROM users WHERE username = $1", form["username"])


async def test_personal_data_is_left_behind(guarded, db, redis, capfd):
    name, password = f"gone-{secrets.token_hex(4)}", f"pw {secrets.token_hex(8)}"
    address = f"203.0.113.{secrets.randbelow(256)}"
    left = Browser(with_middleware(guarded), guarded, client=address)
    form = {"username": name, "password": password}
    assert (await left.post("/register", form)).status == 303
    user_id = await db.fetchval("SELECT id FROM users WHERE username = $1", name)
    assert (await left.get(f"/users/{name}")).status == 200
    assert (await left.post("/me/settings/tokens", {"name": "secret hobby"})).status == 200
    assert (await left.post("/me/settings/delete", {"password": password})).status == 303
    rows = [str(dict(row)) for row in await db.fetch("SELECT * FROM users WHERE id = $1", user_id)]
    rows += [str(row) for row in await db.fetch("SELECT * FROM api_tokens WHERE user_id = $1", user_id)]
    assert not [row for row in rows if name in row or "hobby" in row or "argon2" in row]
    written = "".join(capfd.readouterr())
    assert "route=/register" in written
    assert not [word for word in (name, password, address) if word in written]
    kept = [key.decode() async for key in redis.scan_iter("*limit*")]
    assert [key for key in kept if address in key]
    assert not [key for key in kept if name in key]
    never_expires = -1  # 0: in less than half a second; -2: it has expired since the keys were listed
    for key in kept:
        assert never_expires != await redis.ttl(key) <= 3600, key
