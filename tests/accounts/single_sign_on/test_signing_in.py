"""Signing in through a real provider program."""

import asyncio

from tests.accounts.single_sign_on.person import Person, delete_suspended, with_field
from tests.support import client_of


async def identities(db, person) -> list[str]:
    """Return the usernames of the accounts of a person's identity."""
    rows = await db.fetch(
        "SELECT username FROM user_identities JOIN users ON users.id = user_id"
        " WHERE issuer = $1 AND subject = $2",
        person.issuer,
        person.subject,
    )
    return [row["username"] for row in rows]


async def test_a_new_person_chooses_a_username_and_is_signed_in(person, db):
    assert (await person.come_back()).headers["Location"] == "/sign-in/name"
    page = await person.page("/sign-in/name")
    assert f'value="{person.name}"' in page
    assert 'data-longest="60" data-graphemes' in page
    answer = await person.choose(person.name)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/search")
    assert await person.signed_in_as() == person.name
    assert await identities(db, person) == [person.name]
    [password] = await db.fetch("SELECT password_hash FROM users WHERE username = $1", person.name)
    assert password["password_hash"] is None


async def test_a_returning_person_is_signed_in_at_once(person, sso_app):
    await person.sign_in()
    person.client = client_of(sso_app)
    assert (await person.come_back()).headers["Location"] == "/search"
    assert await person.signed_in_as() == person.name


async def test_somebody_has_the_mail_address_of_another_at_the_provider(person, another, db):
    for each in (person, another):
        each.__init__(
            each.app, each.issuer, each.subject, email="jo@example.org", preferred_username=person.name
        )
    await person.sign_in()
    assert (await another.come_back()).headers["Location"] == "/sign-in/name"
    assert f'value="{person.name}-2"' in await another.page("/sign-in/name")
    assert (await another.choose(person.name)).status_code == 422
    await another.choose(f"{person.name}-2")
    assert await another.signed_in_as() == f"{person.name}-2"
    assert await identities(db, person) == [person.name]


async def test_a_name_that_is_taken_or_bad_or_reserved_is_refused(person, board):
    await person.come_back()
    for name in ((await board.user()).username, "No Name", "admin", "deleted-1"):
        answer = await person.choose(name)
        assert answer.status_code == 422
        assert "field-error" in await answer.get_data(as_text=True)
    assert await person.signed_in_as() is None


async def test_another_state_signs_nobody_in(person):
    answer = await person.come_back(change=with_field("state", "x" * 43))
    assert answer.status_code == 400
    assert "This sign-in is over" in await answer.get_data(as_text=True)
    assert await person.signed_in_as() is None


async def test_another_nonce_signs_nobody_in(person):
    answer = await person.come_back(change=with_field("nonce", "x" * 43))
    assert answer.status_code == 403
    assert "You were not signed in" in await answer.get_data(as_text=True)
    assert (await person.client.get("/sign-in/name")).headers["Location"] == "/login"


async def test_somebody_is_signed_in_to_an_account_of_an_attacker(person, another):
    back = await person.at_provider(await person.leave())
    assert (await another.client.get(back)).status_code == 400
    assert await another.signed_in_as() is None


async def test_who_cancels_at_the_provider_is_told_so(person):
    address = await person.leave()
    state = with_field("error", "access_denied")(address).split("state=")[1].split("&")[0]
    answer = await person.client.get(f"/sign-in/callback?error=access_denied&state={state}")
    assert answer.status_code == 403
    assert "you cancelled there" in await answer.get_data(as_text=True)


async def test_another_provider_cannot_answer(person):
    back = await person.at_provider(await person.leave())
    assert (await person.client.get(f"{back}&iss=https://evil.example")).status_code == 403


async def test_coming_back_twice_changes_nothing(person, db):
    await person.sign_in()
    back = await person.at_provider(await person.leave())
    assert (await person.client.get(back)).status_code == 303
    assert (await person.client.get(back)).headers["Location"] == "/"
    assert await person.signed_in_as() == person.name
    assert await identities(db, person) == [person.name]


async def test_two_tabs_do_not_disturb_each_other(person, db):
    addresses = [await person.leave(f"/sign-in/start?next=/search?q={tab}") for tab in (1, 2)]
    backs = [await person.at_provider(address) for address in addresses]
    for back in backs:
        assert (await person.client.get(back)).headers["Location"] == "/sign-in/name"
    first, second = await asyncio.gather(person.choose(person.name), person.choose(f"{person.name}-b"))
    assert (first.status_code, second.status_code) == (303, 303)
    assert len(await identities(db, person)) == 1


async def test_of_two_first_sign_ins_at_once_one_makes_the_account(person, sso_app, db):
    browsers = [person, *(Person(sso_app, person.issuer, person.subject) for _ in range(3))]
    for each in browsers:
        await each.come_back()
    answers = await asyncio.gather(*(each.choose(each.name) for each in browsers))
    assert [answer.status_code for answer in answers] == [303] * 4
    [name] = await identities(db, person)
    assert [await each.signed_in_as() for each in browsers] == [name] * 4
    made = await db.fetchval(
        "SELECT count(*) FROM users WHERE username = ANY ($1)", [each.name for each in browsers]
    )
    assert made == 1  # no account without an identity is left


async def test_a_suspended_account_is_refused_and_can_be_exported(person, sso_app, db):
    await person.sign_in()
    await db.execute("UPDATE users SET suspended_at = now() WHERE username = $1", person.name)
    stranger = client_of(sso_app)
    export = {"path": "/suspended/export.json", "form": {"username": person.name}}
    assert (await stranger.post(**export)).status_code == 422
    person.client = client_of(sso_app)
    answer = await person.come_back()
    assert answer.status_code == 403
    assert "This account is suspended" in await answer.get_data(as_text=True)
    assert await person.signed_in_as() is None
    assert person.subject in await (await person.client.post(**export)).get_data(as_text=True)


async def test_who_deletes_a_suspended_account_gets_no_other_one(person, sso_app, db):
    await person.sign_in()
    await db.execute("UPDATE users SET suspended_at = now() WHERE username = $1", person.name)
    person.client = client_of(sso_app)
    await person.come_back()
    form = {"username": person.name}
    assert (await person.client.post("/suspended/delete", form=form)).status_code == 303
    answer = await person.come_back()
    assert answer.status_code == 403
    assert "You cannot have another account" in await answer.get_data(as_text=True)


async def test_who_is_deleted_while_choosing_a_name_gets_no_other_account(person, sso_app, db, board):
    await person.come_back()
    await delete_suspended(db, person, await board.user())
    answer = await person.choose(person.name)
    assert answer.status_code == 403
    assert "You cannot have another account" in await answer.get_data(as_text=True)
    assert await person.signed_in_as() is None


async def test_the_name_at_the_provider_is_suggested_as_display_name(person, another, db):
    full_name = f"Zoë {person.name}"
    for each in (person, another):
        each.__init__(each.app, each.issuer, each.subject, name=full_name)
    await person.come_back()
    assert f'value="{full_name}"' in await person.page("/sign-in/name")
    await person.choose(person.name, display_name=f" {full_name} ")
    shown = "SELECT display_name FROM users WHERE username = $1"
    assert await db.fetchval(shown, person.name) == full_name
    await another.come_back()
    answer = await another.choose(another.name, display_name=full_name)
    assert answer.status_code == 422
    assert 'id="display_name-error"' in await answer.get_data(as_text=True)


async def test_a_link_on_another_site_leads_to_the_page_to_sign_in(person):
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = await person.client.get("/sign-in/start?next=/search", headers=headers)
    assert answer.headers["Location"] == "/login?next=%2Fsearch"


async def test_after_signing_in_nobody_leaves_this_site(person):
    answer = await person.sign_in("/sign-in/start?next=https://evil.example")
    assert answer.headers["Location"] == "/"


async def test_the_cookie_reveals_neither_nonce_nor_verifier(person):
    answer = await person.client.get("/sign-in/start")
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/sign-in", "Max-Age=600"))
    assert "code_challenge_method=S256" in answer.headers["Location"]
    nonce = answer.headers["Location"].split("nonce=")[1].split("&")[0]
    assert nonce not in cookie
