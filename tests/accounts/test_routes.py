"""Registering, signing in and signing out."""

import unicodedata

import pytest

from app.accounts.queries import insert_user
from app.errors import OperatorError
from app.moderation.new_user import create_user
from tests.accounts.hashing import WEAK, quick_hashes
from tests.support import client_of

__all__ = ["quick_hashes"]

FORM = {"username": "ada", "password": "correct horse"}


async def register(app, **form):
    client = client_of(app)
    return client, await client.post("/register", form={**FORM, **form})


async def page(client, path="/"):
    return await (await client.get(path)).get_data(as_text=True)


async def test_registering_signs_in(app):
    client, answer = await register(app, username="grace")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "grace" in await page(client)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


async def test_a_user_signs_out_and_in_again(app):
    client, _ = await register(app, username="lin-1")
    assert (await client.post("/logout")).status_code == 303
    assert "lin-1" not in await page(client)
    answer = await client.post("/login", form={**FORM, "username": "LIN-1", "next": "/?sort=new"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?sort=new")
    assert "lin-1" in await page(client)


async def test_only_an_argon2id_hash_of_the_password_is_stored(app, db):
    await register(app, username="hashed")
    stored = await db.fetchval("SELECT password_hash FROM users WHERE username = 'hashed'")
    assert stored.startswith("$argon2id$")
    assert FORM["password"] not in stored


@pytest.mark.parametrize("username", ["ab", "x" * 33, "Ada", "a b c", "über", "<script>", ""])
async def test_a_bad_username_is_refused_at_its_field(app, username):
    _, answer = await register(app, username=username)
    assert answer.status_code == 422
    assert "3 to 32 characters" in await answer.get_data(as_text=True)


@pytest.mark.parametrize("password", ["", "1234567", "x" * 201])
async def test_a_bad_password_is_refused_at_its_field(app, password):
    _, answer = await register(app, username="someone", password=password)
    assert answer.status_code == 422
    html = await answer.get_data(as_text=True)
    assert "8 to 200 characters" in html
    assert 'value="someone"' in html


@pytest.mark.parametrize("password", ["x" * 7 + "y", "x" * 200, "🗝" * 8, "with \x00 nul and spaces "])
async def test_a_password_may_have_characters_of_any_kind(app, password):
    username = f"any-{len(password)}-{ord(password[0])}"
    client, answer = await register(app, username=username, password=password)
    assert answer.status_code == 303
    answer = await client.post("/login", form={"username": username, "password": password})
    assert answer.status_code == 303


async def test_a_taken_username_is_refused(app):
    await register(app, username="taken")
    _, answer = await register(app, username="taken")
    assert answer.status_code == 422
    assert "taken" in await answer.get_data(as_text=True)


@pytest.mark.parametrize("form", [{"password": "wrong horse"}, {"username": "nobody-at-all"}])
async def test_a_failed_sign_in_has_one_message_for_name_and_password(app, form):
    await register(app, username="ada")
    answer = await client_of(app).post("/login", form={**FORM, **form})
    assert answer.status_code == 422
    assert "Username and password do not match." in await answer.get_data(as_text=True)


async def test_a_redirect_after_sign_in_stays_on_the_site(app):
    _, answer = await register(app, username="careful", next="https://evil.example/")
    assert answer.headers["Location"] == "/"


async def test_a_forged_cookie_is_ignored(app):
    client = client_of(app)
    client.set_cookie("localhost", "upvote_session", "IjEuYWRtaW4i.forged.cookie")
    assert "Sign in" in await page(client)


TYPED = "Gr\u00f6\u00dfe und \u00e9clair"


@pytest.mark.parametrize("registered", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
async def test_a_password_matches_however_a_system_types_its_accents(app, registered, typed):
    name = f"accents-{registered}-{typed}".lower()
    await register(app, username=name, password=unicodedata.normalize(registered, TYPED))
    password = unicodedata.normalize(typed, TYPED).replace(" ", "\u00a0")
    form = {"username": name, "password": password}
    assert (await client_of(app).post("/login", form=form)).status_code == 303


async def test_a_hash_of_an_older_version_matches_as_typed_and_is_replaced(app, db):
    typed, form = unicodedata.normalize("NFD", TYPED), {"username": "older-hash"}
    await insert_user(db, "older-hash", WEAK.hash(typed))
    composed = {**form, "password": TYPED}
    assert (await client_of(app).post("/login", form=composed)).status_code == 422
    assert (await client_of(app).post("/login", form={**form, "password": typed})).status_code == 303
    assert (await client_of(app).post("/login", form=composed)).status_code == 303


async def test_the_length_of_a_password_counts_composed_characters(app):
    seven = unicodedata.normalize("NFD", "\u00e9" * 7)
    _, answer = await register(app, username="seven", password=seven)
    assert answer.status_code == 422
    assert "This one has 7." in await answer.get_data(as_text=True)


@pytest.mark.parametrize("username", ["admin", "support", "ad-min", "_root_", "deleted", "api"])
async def test_a_name_of_the_board_itself_is_reserved(app, username):
    _, answer = await register(app, username=username)
    assert answer.status_code == 422
    assert "reserved" in await answer.get_data(as_text=True)


async def test_an_operator_can_create_an_account_with_a_reserved_name(settings):
    await create_user(settings, "moderator", FORM["password"], is_admin=True)


async def test_the_name_of_a_deleted_account_is_not_given_out_again(app, settings, db):
    client, _ = await register(app, username="leaving")
    await client.post("/me/settings/delete", form={"password": FORM["password"]})
    for _ in range(2):
        _, answer = await register(app, username="leaving")
        assert answer.status_code == 422
        assert "That username is taken." in await answer.get_data(as_text=True)
    with pytest.raises(OperatorError, match="taken"):
        await create_user(settings, "leaving", FORM["password"], is_admin=False)
    assert not await db.fetchval("SELECT count(*) FROM users WHERE username = 'leaving'")
    assert await db.fetchval("SELECT bool_and(digest <> sha256('leaving')) FROM former_names")
