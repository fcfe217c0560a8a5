"""Who is no admin any more leaves no way to become one again; and one admin always stays."""

import secrets

import pytest

from app.accounts.invitations import new_code
from app.accounts.passwords import hash_password
from app.accounts.queries import select_account
from app.accounts.settings.delete_account import delete
from app.moderation import actions
from app.moderation.many.suspend_many import suspend_many
from app.moderation.user_commands import set_admin
from tests.accounts.hashing import quick_hashes
from tests.support import client_of

__all__ = ["quick_hashes"]


@pytest.fixture
async def two_admins(board, db):
    """Return two admins with an invitation each: for an admin, of the first, and for a person."""
    users = await board.users(2)
    ids = [user.id for user in users]
    await db.execute("UPDATE users SET is_admin = true WHERE id = ANY ($1)", ids)
    yield users
    await db.execute("UPDATE users SET is_admin = false WHERE id = ANY ($1)", ids)


async def invite(db, admin, makes_admins):
    code = new_code()
    await db.execute(
        "INSERT INTO invitations (code, uses, makes_admins, admin_id) VALUES ($1, 9, $2, $3)",
        code,
        makes_admins,
        admin.id,
    )
    return code


@pytest.mark.parametrize("way", ["demoted", "suspended", "suspended with others", "deleted"])
async def test_the_invitations_of_a_former_admin_make_no_admins(
    free_app, two_admins, db, settings, way
):
    former, other = two_admins
    codes = {kind: await invite(db, former, kind == "admins") for kind in ("admins", "people")}
    others = await invite(db, other, True)
    services = free_app.extensions["upvote"]
    state = free_app.extensions["upvote_accounts"]
    if way == "demoted":
        assert await set_admin(settings, former.username, is_admin=False)
    elif way == "suspended":
        assert await actions.suspend(services, state, other.id, former.id, "x")
    elif way == "suspended with others":  # who is no admin since an earlier version
        await db.execute("UPDATE users SET is_admin = false WHERE id = $1", former.id)
        assert (await suspend_many(services, state, other.id, [former.id], "x")).suspended == 1
    else:
        await delete(services, state, former, delete_projects=False)
    found = [await join(free_app, code) for code in (codes["admins"], codes["people"], others)]
    assert found == [False, True, True]
    log = "SELECT count(*) FROM moderation_actions WHERE action = 'revoke' AND reason LIKE $1"
    number = await db.fetchval("SELECT id FROM invitations WHERE code = $1", codes["admins"])
    assert await db.fetchval(log, f"Number {number}: for 9 admins; used 0 times") == 1


async def join(app, code):
    form = {"username": f"j-{secrets.token_hex(5)}", "password": "correct horse"}
    return (await client_of(app).post(f"/join/{code}", form=form)).status_code == 303


async def test_the_only_admin_deletes_no_account_in_the_browser(free_app, two_admins, db):
    admin = two_admins[0]
    await db.execute(
        "UPDATE users SET password_hash = $2 WHERE id = $1", admin.id, await hash_password("some horse")
    )
    query = "UPDATE users SET is_admin = false WHERE is_admin AND id <> $1 RETURNING id"
    others = [row["id"] for row in await db.fetch(query, admin.id)]
    client, form = client_of(free_app, admin), {"password": "some horse"}
    try:
        answer = await client.post("/me/settings/delete", form=form)
        assert answer.status_code == 422
        assert "Make somebody else an admin first" in await answer.get_data(as_text=True)
        assert await db.fetchval("SELECT deleted_at IS NULL FROM users WHERE id = $1", admin.id)
    finally:
        await db.execute("UPDATE users SET is_admin = true WHERE id = ANY ($1)", others)
    assert (await client.post("/me/settings/delete", form=form)).status_code == 303
    assert not await db.fetchval("SELECT is_admin FROM users WHERE id = $1", admin.id)


async def test_a_suspension_during_a_deletion_keeps_the_bar_on_the_identity(free_app, board, db):
    user = await board.user()
    await db.execute(
        "INSERT INTO user_identities (issuer, subject, user_id) VALUES ('https://bar.test', $1, $2)",
        user.username,
        user.id,
    )
    before = await select_account(db, user.id)
    await db.execute("UPDATE users SET suspended_at = now() WHERE id = $1", user.id)
    services = free_app.extensions["upvote"]
    state = free_app.extensions["upvote_accounts"]
    await delete(services, state, before, delete_projects=False)
    query = "SELECT username, password_hash, deleted_at FROM users WHERE id = $1"
    first = await db.fetchrow(query, user.id)
    assert first["password_hash"] is None
    kept = "SELECT count(*) FROM user_identities WHERE user_id = $1"
    assert await db.fetchval(kept, user.id) == 1
    await delete(services, state, before, delete_projects=False)
    assert await db.fetchrow(query, user.id) == first
