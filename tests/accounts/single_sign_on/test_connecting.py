"""Connecting the provider with an account, disconnecting it, and confirming without a password."""

import time

import pytest

from app.accounts.single_sign_on.identity import Identity
from app.accounts.single_sign_on.provider import Provider
from tests.accounts.hashing import WEAK
from tests.accounts.single_sign_on.person import delete_suspended
from tests.support import client_of

PASSWORD = "correct horse"
PAGE = "/me/settings/provider"


@pytest.fixture
async def member(sso_app, board, db, person):
    """Return somebody with a password here who has not connected the provider; signed in."""
    account = await board.user()
    await db.execute(
        "UPDATE users SET password_hash = $2 WHERE id = $1", account.id, WEAK.hash(PASSWORD)
    )
    person.name, person.client = account.username, client_of(sso_app)
    form = {"username": person.name, "password": PASSWORD}
    assert (await person.client.post("/login", form=form)).status_code == 303
    return person


async def confirm(member, password=PASSWORD) -> str:
    return await (await member.client.post(PAGE, form={"password": password})).get_data(as_text=True)


async def connect(member):
    assert 'href="/sign-in/connect"' in await confirm(member)
    return await member.come_back("/sign-in/connect")


async def owner_of(db, person) -> str | None:
    return await db.fetchval(
        "SELECT username FROM users JOIN user_identities ON user_id = id WHERE subject = $1",
        person.subject,
    )


async def test_whoever_gives_the_password_connects_and_then_signs_in_without_it(member, sso_app, db):
    assert "Connect <bdi>Example Ltd</bdi>" in await member.page("/me/settings")
    assert (await connect(member)).headers["Location"] == "/me/settings#provider"
    assert "is connected" in await member.page("/me/settings")
    member.client = client_of(sso_app)
    assert (await member.come_back()).headers["Location"] == "/search"
    assert await member.signed_in_as() == member.name


async def test_the_identity_of_a_suspended_and_deleted_account_is_not_connected(member, db, board):
    await delete_suspended(db, member, await board.user())
    answer = await connect(member)
    assert answer.status_code == 403
    assert "It cannot be connected" in await answer.get_data(as_text=True)


async def test_a_stolen_session_connects_another_identity(member, db):
    assert (await member.client.get("/sign-in/connect")).headers["Location"] == PAGE
    assert "This is not your password" in await confirm(member, "wrong")
    assert (await member.client.get("/sign-in/connect")).headers["Location"] == PAGE
    assert await owner_of(db, member) is None


async def test_an_identity_of_another_account_stays_there(member, another, db):
    await another.sign_in()
    member.subject = another.subject
    answer = await connect(member)
    assert answer.status_code == 409
    assert "belongs to another account" in await answer.get_data(as_text=True)
    assert await owner_of(db, another) == another.name


async def test_an_account_has_one_identity_at_the_provider(member, another, db):
    await connect(member)
    member.subject = another.subject
    assert (await member.come_back("/sign-in/connect")).status_code == 409
    assert await owner_of(db, another) is None


async def test_who_signs_in_as_somebody_else_meanwhile_connects_nothing(member, another, db):
    await confirm(member)
    back = await member.at_provider(await member.leave("/sign-in/connect"))
    await another.sign_in()
    cookie = another.client.cookie_jar._cookies["localhost.local"]["/"]["upvote_session"].value
    member.client.set_cookie("localhost", "upvote_session", cookie)
    assert (await member.client.get(back)).status_code == 403
    assert await owner_of(db, member) is None


async def test_disconnecting_leaves_the_password_and_ends_other_sessions(member, sso_app, db):
    await connect(member)
    other, member.client = member.client, client_of(sso_app)
    await member.come_back()
    assert (await member.client.post(f"{PAGE}/disconnect")).status_code == 303
    assert await member.signed_in_as() == member.name
    assert member.name not in await (await other.get("/search")).get_data(as_text=True)
    assert await owner_of(db, member) is None
    assert (await member.come_back()).headers["Location"] == "/sign-in/name"


async def test_the_only_way_in_is_not_disconnected(person, db):
    await person.sign_in()
    assert "only way to sign in" in await person.page(PAGE)
    assert (await person.client.post(f"{PAGE}/disconnect")).status_code == 409
    assert await owner_of(db, person) == person.name


async def test_a_stolen_session_deletes_an_account_without_a_password(person, db):
    await person.sign_in()
    page = await person.page("/me/settings/delete")
    assert 'type="password"' not in page
    assert "/sign-in/confirm?next=/me/settings/delete" in page
    assert (await person.client.post("/me/settings/delete")).status_code == 422
    address = await person.leave("/sign-in/confirm?next=/me/settings/delete")
    assert "prompt=login&max_age=0" in address
    answer = await person.client.get(await person.at_provider(address))
    assert answer.headers["Location"] == "/me/settings/delete"
    assert "Delete my account</button>" in await person.page("/me/settings/delete")
    assert (await person.client.post("/me/settings/delete")).status_code == 303
    assert await owner_of(db, person) is None
    assert (await person.come_back()).headers["Location"] == "/sign-in/name"  # a new account


async def test_somebody_else_at_the_provider_confirms_nothing(person, another):
    await person.sign_in()
    await another.sign_in()
    person.subject = another.subject
    answer = await person.come_back("/sign-in/confirm?next=/me/settings/delete")
    assert answer.status_code == 403
    assert (await person.client.post("/me/settings/delete")).status_code == 422


@pytest.mark.parametrize(("ago", "status"), [(0, 303), (3600, 403), (None, 303)])
async def test_an_old_sign_in_at_the_provider_confirms_nothing(person, monkeypatch, ago, status):
    await person.sign_in()

    async def identify(*_):
        return Identity(person.subject, (), "", None if ago is None else time.time() - ago)

    monkeypatch.setattr(Provider, "identify", identify)
    assert (await person.come_back("/sign-in/confirm?next=/me/settings")).status_code == status


async def test_a_confirmation_is_of_one_session(person, sso_app):
    await person.sign_in()
    await person.come_back("/sign-in/confirm?next=/me/settings")
    await person.come_back()  # a new session, with the same cookie of the confirmation
    assert (await person.client.post("/me/settings/delete")).status_code == 422


async def test_a_first_password_is_set_after_confirming(person, sso_app):
    await person.sign_in()
    form = {"password": "a few words of my own"}
    assert (await person.client.post("/me/settings/password", form=form)).status_code == 422
    await person.come_back("/sign-in/confirm?next=/me/settings")
    assert "Set password</button>" in await person.page("/me/settings")
    assert (await person.client.post("/me/settings/password", form=form)).status_code == 303
    form |= {"username": person.name}
    assert (await client_of(sso_app).post("/login", form=form)).status_code == 303


async def test_signing_out_leads_to_where_the_provider_is_left_too(member):
    assert (await member.client.post("/logout")).headers["Location"] == "/"
    form = {"username": member.name, "password": PASSWORD}
    await member.client.post("/login", form=form)
    await connect(member)
    assert (await member.client.post("/logout")).headers["Location"] == "/sign-in/ended"
    assert "/oauth2/end_session?client_id=upvote" in await member.page("/sign-in/ended")
    assert await member.signed_in_as() is None
