"""Which doors are open: registration, the provider alone, and a provider that is away."""

import re

import pytest
from quart import Quart

from app.accounts.links.password_links import make_link
from app.accounts.passwords import hash_password
from app.main import create_app
from tests.accounts.single_sign_on.person import Person
from tests.support import client_of


@pytest.fixture(scope="module")
async def only_app(sso_settings):
    """Return the app of a board without passwords."""
    changes = {"password_sign_in": False, "smtp_url": "smtp://127.0.0.1:1", "mail_from": "a@b.test"}
    async with create_app(sso_settings.model_copy(update=changes)).test_app() as serving:
        yield serving.app


@pytest.fixture(scope="module")
async def away_app(sso_settings):
    """Return the app of a board whose provider does not answer."""
    changes = {"oidc_issuer": "http://localhost:9"}
    async with create_app(sso_settings.model_copy(update=changes)).test_app() as serving:
        yield serving.app


async def page(app: Quart, path: str) -> str:
    return await (await client_of(app).get(path)).get_data(as_text=True)


async def test_a_closed_board_lets_in_only_who_has_an_account(sso_app, person, another, organise):
    await person.sign_in()
    await organise(registration="closed")
    person.client = client_of(sso_app)
    assert (await person.come_back()).headers["Location"] == "/search"
    await another.come_back()
    assert "Registration is closed" in await another.page("/sign-in/name")
    assert (await another.choose(another.name)).status_code == 403
    assert await another.signed_in_as() is None


async def test_an_invitation_survives_the_way_to_the_provider_and_back(person, another, organise, db):
    await organise(registration="invited")
    code = "0123456789abcdefghjkmnpq"
    await db.execute("DELETE FROM invitations WHERE code = $1", code)
    await db.execute("INSERT INTO invitations (code, uses) VALUES ($1, 1)", code)
    join = await person.page(f"/join/{code}")
    [link] = re.findall(r'href="http://localhost(/sign-in/start[^"]+)"', join)
    assert (await person.sign_in(link.replace("&amp;", "&"))).headers["Location"] == "/"
    assert await person.signed_in_as() == person.name
    assert await db.fetchval("SELECT used FROM invitations WHERE code = $1", code) == 1
    await another.come_back(link.replace("&amp;", "&"))
    assert "This invitation is used up" in await another.page("/sign-in/name")
    assert (await another.choose(another.name)).status_code == 403


async def test_without_passwords_the_provider_is_the_only_door(only_app, issuer):
    for path in ("/login", "/register"):
        found = await page(only_app, path)
        assert "Sign in with <bdi>Example Ltd</bdi>" in found
        assert 'type="password"' not in found
    client = client_of(only_app)
    form = {"username": "somebody", "password": "a few words of my own"}
    for path in ("/login", "/register", "/password"):
        assert (await client.post(path, form=form)).status_code in (403, 404)
    person = Person(only_app, issuer, "only-one")
    await person.sign_in()
    assert await person.signed_in_as() == person.name
    assert 'type="password"' not in await person.page("/me/settings")
    assert (await person.client.post("/me/settings/password", form=form)).status_code == 403
    assert (await person.client.post("/me/settings/provider/disconnect")).status_code == 403


async def test_without_passwords_a_suspended_account_is_confirmed_by_the_provider(only_app, issuer, db):
    person = Person(only_app, issuer, "only-suspended")
    await person.sign_in()
    await db.execute(
        "UPDATE users SET suspended_at = now(), password_hash = $2 WHERE username = $1",
        person.name,
        await hash_password("correct horse"),
    )
    form = {"username": person.name, "password": "correct horse"}
    for path in ("/suspended/export.json", "/suspended/delete"):
        answer = await client_of(only_app).post(path, form=form)
        assert answer.status_code == 422
        assert "Sign in once more" in await answer.get_data(as_text=True)
    person.client = client_of(only_app)
    assert (await person.come_back()).status_code == 403
    assert (await person.client.post("/suspended/export.json", form=form)).status_code == 200


async def test_a_link_is_the_way_back_while_the_provider_is_away(only_app, board, db):
    account, client = await board.user(), client_of(only_app)
    async with db.acquire() as connection, connection.transaction():
        secret = await make_link(connection, account.id)
    link = await (await client.get(f"/password/{secret}")).get_data(as_text=True)
    assert 'type="password"' not in link
    assert (await client.post(f"/password/{secret}")).headers["Location"] == "/"
    assert account.username in await (await client.get("/search")).get_data(as_text=True)
    kept = await db.fetchval("SELECT password_hash FROM users WHERE id = $1", account.id)
    assert kept == account.password_hash
    assert (await client_of(only_app).post(f"/password/{secret}")).status_code == 404
    # It confirms who it is too, to connect the provider.
    assert (await client.get("/sign-in/connect")).headers["Location"] != "/me/settings/provider"


async def test_a_provider_that_is_away_leaves_the_password_and_the_sessions(away_app, board):
    member = client_of(away_app, account := await board.user())
    for client in (member, client_of(away_app)):
        answer = await client.get("/sign-in/start?next=/search")
        found = await answer.get_data(as_text=True)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
        assert "Example Ltd cannot be reached" in found
        assert 'href="/login?next=/search"' in found
    assert account.username in await (await member.get("/search")).get_data(as_text=True)
    assert "Sign in with" in await page(away_app, "/login")


async def test_a_board_without_a_provider_has_no_such_pages(free_app):
    for path in ("/sign-in/start", "/sign-in/callback", "/sign-in/name", "/sign-in/ended"):
        assert (await client_of(free_app).get(path)).status_code == 404
    assert "Sign in with" not in await page(free_app, "/login")
