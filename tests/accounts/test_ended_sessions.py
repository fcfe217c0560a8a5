"""The copy of the ended sessions in Redis, and processes that start while PostgreSQL is away."""

import secrets
import time
from datetime import UTC, datetime
from unittest.mock import AsyncMock

import pytest

from app.accounts import revocation
from app.accounts.ended_sessions import EXPIRY_SECONDS, TURNS, EndedSessions
from app.accounts.revocation import FORGET_EVERY, MEMORY, Revocations, end_sessions, session_ms
from app.main import create_app
from app.voting import keys
from app.voting.votes import Vote
from tests.asgi_calls import FORM, HTMX, ask
from tests.fast_client import FastVotesApp
from tests.support import client_of, session_cookie
from tests.waiting import until

NOWHERE = {"database_url": "postgresql://127.0.0.1:1/nowhere"}


@pytest.fixture
def key(monkeypatch) -> str:
    """Give the processes that begin in this test a copy of their own, and return its key."""
    monkeypatch.setattr(keys, "ENDED_SESSIONS", f"sessions:{secrets.token_hex(8)}")
    return keys.ENDED_SESSIONS


@pytest.fixture
def another(key, redis):
    """Return a function that makes what a new process knows, and its side of the copy."""

    def make() -> tuple[Revocations, EndedSessions]:
        known = Revocations()
        return known, EndedSessions(redis, known)

    return make


async def copied(redis, key) -> dict[str, int]:
    return {name.decode(): int(value) for name, value in (await redis.hgetall(key)).items()}


@pytest.fixture
async def process(another, db):
    """Return a process that has read PostgreSQL and written the copy."""
    known, copy = another()
    await known.catch_up(db)
    await copy.exchange()
    return known, copy


async def vote(app, quart, project_id, user, headers=HTMX):
    cookie = f"upvote_session={session_cookie(quart, user)}"
    headers = {**FORM, **headers, "cookie": cookie}
    return await ask(app, "POST", f"/projects/{project_id}/vote", headers, b"value=1")


@pytest.fixture
async def project_id(board, batcher) -> int:
    project_id = await board.project()
    await batcher.cast(
        Vote(project_id, (await board.user()).id, 1)
    )  # cached, so PostgreSQL is not needed
    return project_id


async def test_no_session_is_accepted_before_all_ends_are_known(
    key, settings, board, db, redis, project_id
):
    user = await board.user()
    quart = create_app(settings.model_copy(update=NOWHERE))
    async with quart.test_app():
        fast = FastVotesApp(quart)
        for app, headers in ((fast, HTMX), (quart, HTMX), (fast, {}), (quart, {})):
            answer = await vote(app, quart, project_id, user, headers)
            assert (answer.status, answer.headers["retry-after"]) == (503, "3")
            assert "try again" in answer.body
        client = client_of(quart, user)
        for path in ("/live?projects=1", "/me/settings", "/me/votes", "/projects/new"):
            assert (await client.get(path)).status_code == 503, path
        signed_out = await client.post("/logout", form={"everywhere": "yes"})
        assert signed_out.status_code == 503  # it could not be done
        assert await redis.hget(keys.votes(0, project_id), user.id) is None
        assert not await redis.exists(key)  # who knows nothing writes nothing
        await quart.extensions["upvote_accounts"].revocations.catch_up(db)
        assert (await vote(fast, quart, project_id, user)).status == 200


async def test_a_process_without_postgresql_goes_by_the_copy(process, settings, board, db, project_id):
    users = await board.users(2)
    known, copy = process
    known.learn(users[0].id, await end_sessions(db, users[0].id))
    await copy.exchange()
    quart = create_app(settings.model_copy(update=NOWHERE))
    async with quart.test_app():
        for app in (FastVotesApp(quart), quart):
            answers = [await vote(app, quart, project_id, user) for user in users]
            assert [answer.status for answer in answers] == [401, 200]


async def test_an_end_reaches_processes_without_postgresql(process, another, board):
    known, copy = process
    there, their_copy = another()
    await their_copy.exchange()
    assert there.known
    user, now = await board.user(), time.time_ns() // 1_000_000
    known.learn(user.id, now)
    await copy.exchange()
    await their_copy.exchange()
    assert there.is_over(user.id, now)


async def test_a_copy_becomes_complete_where_no_session_was_ever_ended(another, redis, key):
    known, copy = another()
    known.known = True  # PostgreSQL was read, and had none
    there, their_copy = another()
    await their_copy.exchange()
    assert not there.known
    await copy.exchange()
    await their_copy.exchange()
    assert there.known


async def test_copies_are_exchanged_seldom_unless_there_is_a_need(process, board, db, monkeypatch):
    known, copy = process
    exchanged = []

    async def exchange() -> None:
        exchanged.append(True)
        known.news.clear()

    async def turns(number: int) -> int:
        exchanged.clear()
        for _ in range(number):
            await copy.exchange_if_due()
        return len(exchanged)

    monkeypatch.setattr(copy, "exchange", exchange)
    assert await turns(2 * TURNS) == 2
    known.learn((await board.user()).id, time.time_ns() // 1_000_000)
    assert await turns(1) == 1  # news
    with monkeypatch.context() as patch:
        patch.setattr(revocation, "select_news", AsyncMock(side_effect=ConnectionRefusedError))
        await known.try_to_catch_up(db)
        assert await turns(2) == 2  # PostgreSQL is away
    await known.try_to_catch_up(db)
    assert await turns(TURNS - 1) <= 1


@pytest.mark.parametrize("loss", ["emptied", "incomplete"])
async def test_a_copy_that_is_not_complete_says_nothing(process, another, redis, key, loss):
    await redis.delete(key)
    if loss == "incomplete":
        await redis.hset(key, "7", 1)
    there, their_copy = another()
    await their_copy.exchange()
    assert not there.known
    await process[1].exchange()  # which writes it anew
    await their_copy.exchange()
    assert there.known


async def test_an_older_copy_is_written_anew(process, another, redis, key, board):
    known, copy = process
    users, now = await board.users(2), time.time_ns() // 1_000_000
    known.learn(users[0].id, now)
    await copy.exchange()
    older = await copied(redis, key)
    known.learn(users[1].id, now + 1)
    await copy.exchange()
    await redis.delete(key)
    await redis.hset(key, mapping=older)  # Redis is back without its last second
    await copy.exchange()
    there, their_copy = another()
    await their_copy.exchange()
    assert [there.is_over(user.id, now) for user in users] == [True, True]


async def test_postgresql_and_the_copy_each_can_end_a_session(process, another, redis, key, board, db):
    by_copy, by_database = await board.users(2)
    now = time.time_ns() // 1_000_000
    await redis.hset(key, by_copy.id, now)
    await end_sessions(db, by_database.id)
    there, their_copy = another()
    await there.catch_up(db)
    await their_copy.exchange()
    assert [there.is_over(user.id, now - 1) for user in (by_copy, by_database)] == [True, True]
    assert str(by_database.id) in await copied(redis, key)


async def test_an_end_is_copied_again_after_redis_was_away(process, redis, key, board, monkeypatch):
    known, copy = process
    user = await board.user()
    known.learn(user.id, time.time_ns() // 1_000_000)

    async def fail(*_, **__):
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(copy, "_redis", type("Away", (), {"hget": fail}))
        await copy.exchange()
    await copy.exchange()
    assert str(user.id) in await copied(redis, key)


async def test_the_copy_expires_and_forgets_what_no_cookie_is_old_enough_for(
    process, another, redis, key, board
):
    assert 0 < await redis.ttl(key) <= EXPIRY_SECONDS
    month_ago, now = int((time.time() - 32 * 86_400) * 1000), time.time_ns() // 1_000_000
    await redis.hset(key, mapping={"1": month_ago, "2": now})
    await another()[1].exchange()
    assert {"1", "2"} & (await copied(redis, key)).keys() == {"2"}


async def test_signing_out_everywhere_is_copied_at_once(key, settings, board, redis, monkeypatch):
    monkeypatch.setattr("app.repeat.FOLLOW_SECONDS", 0.01)
    user = await board.user()
    quart = create_app(settings)
    async with quart.test_app():
        await client_of(quart, user).post("/logout", form={"everywhere": "yes"})

        async def is_copied() -> bool:
            return str(user.id) in await copied(redis, key)

        await until(is_copied, "for the copy")


async def test_ends_that_concern_no_valid_cookie_are_forgotten(db):
    known, now = Revocations(), datetime.now(UTC)
    await known.catch_up(db)
    known.learn(-1, session_ms(now - MEMORY) - 1)
    known.learn(-2, session_ms(now - MEMORY + FORGET_EVERY))
    await known.catch_up(db)
    assert {-1, -2} <= known.ended.keys()  # it looks once an hour
    known._forgot_at = now - FORGET_EVERY
    await known.catch_up(db)
    assert {-1, -2} & known.ended.keys() == {-2}
