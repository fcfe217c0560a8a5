"""An account that changes while a password is being checked gets no session."""

import pytest

from app.accounts import queries
from app.accounts.passwords import verify_password
from app.accounts.revocation import end_sessions
from tests.accounts.hashing import WEAK
from tests.support import client_of

OLD, NEW = "correct horse", "battery staple"


@pytest.fixture
async def account(free_app, board, db):
    user = await board.user()
    await db.execute("UPDATE users SET password_hash = $2 WHERE id = $1", user.id, WEAK.hash(OLD))
    return await queries.select_account(db, user.id)


@pytest.fixture
def meanwhile(free_app, monkeypatch):
    """Return a function that runs a change while a password is being checked."""

    def when(change, where="routes"):
        async def slow_check(password_hash, password):
            fits = await verify_password(password_hash, password)
            await change()
            return fits

        monkeypatch.setattr("app.accounts.attempts.verify_password", slow_check)

    return when


async def suspend(db, account):
    async with db.acquire() as connection, connection.transaction():
        await connection.execute("UPDATE users SET suspended_at = now() WHERE id = $1", account.id)
        await end_sessions(connection, account.id)


async def change_password(db, account):
    async with db.acquire() as connection, connection.transaction():
        assert await queries.update_password_hash(
            connection, account.id, account.password_hash, WEAK.hash(NEW)
        )
        await end_sessions(connection, account.id)


async def sign_in(client, account):
    return await client.post("/login", form={"username": account.username, "password": OLD})


@pytest.mark.parametrize("change", [suspend, change_password])
async def test_a_sign_in_overtakes_a_suspension(free_app, db, account, meanwhile, change):
    meanwhile(lambda: change(db, account))
    client = client_of(free_app)
    answer = await sign_in(client, account)
    assert answer.status_code == 422
    assert "Set-Cookie" not in answer.headers
    assert (await client.get("/me/votes")).status_code == 303


async def test_a_rehash_never_brings_back_an_old_password(free_app, db, account, monkeypatch):
    async def hash_slowly(_):
        await change_password(db, account)
        return WEAK.hash(OLD)

    monkeypatch.setattr("app.accounts.routes.hash_password", hash_slowly)
    await sign_in(client_of(free_app), account)
    kept = await queries.select_account(db, account.id)
    assert await verify_password(kept.password_hash, NEW)


async def test_a_weak_hash_is_replaced_on_sign_in(free_app, db, account):
    assert (await sign_in(client_of(free_app), account)).status_code == 303
    kept = await queries.select_account(db, account.id)
    assert kept.password_hash != account.password_hash
    assert await verify_password(kept.password_hash, OLD)


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("change", [suspend, change_password])
async def test_a_password_change_begins_no_session_for_an_ended_one(
    free_app, db, account, meanwhile, change, is_known
):
    """Whether or not this process knows of the end by the time at which it answers."""
    client = client_of(free_app, account)

    async def change_meanwhile() -> None:
        await change(db, account)
        if is_known:
            await free_app.extensions["upvote_accounts"].revocations.catch_up(db)

    meanwhile(change_meanwhile, "password")
    form = {"current": OLD, "password": "yet another one"}
    answer = await client.post("/me/settings/password", form=form)
    assert answer.status_code == 422
    assert "Set-Cookie" not in answer.headers


async def test_a_suspended_admin_is_no_admin(db, board):
    admin = await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)
    assert await queries.select_is_admin(db, admin.id)
    await suspend(db, admin)
    assert not await queries.select_is_admin(db, admin.id)


async def test_a_token_made_while_its_account_was_deleted_is_invalid(db, board):
    user, digest = await board.user(), b"x" * 32
    await queries.insert_token(db, user.id, digest, "too late")
    assert (await queries.select_token(db, digest)).user_id == user.id
    await db.execute("UPDATE users SET deleted_at = now() WHERE id = $1", user.id)
    assert await queries.select_token(db, digest) is None
    await db.execute("DELETE FROM api_tokens WHERE token_hash = $1", digest)
