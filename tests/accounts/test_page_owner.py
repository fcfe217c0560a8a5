"""A page that was rendered for one account does nothing once another one has signed in."""

import re
import secrets

import pytest

from app.accounts.browser import COOKIE
from tests.accounts.hashing import quick_hashes
from tests.support import client_of
from tests.vote_box import HTMX

__all__ = ["quick_hashes"]


async def register(client) -> str:
    name = f"tab-{secrets.token_hex(4)}"
    await client.post("/register", form={"username": name, "password": "correct horse"})
    return name


@pytest.fixture
async def browser(free_app, db):
    """Return a browser in which lee has signed in after kim, and both names."""
    client = client_of(free_app)
    kim = await register(client)
    await client.post("/logout")
    return client, kim, await register(client)


async def forms_on(client, path) -> list[str]:
    page = await (await client.get(path)).get_data(as_text=True)
    return re.findall(r'<form[^>]*method="post".*?</form>', page, re.S)


async def test_each_form_of_each_page_names_its_account(free_app, board, db):
    user, other = await board.users(2)
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", user.id)
    project = await board.project(user)
    client = client_of(free_app, user)
    pages = [
        "/",
        "/?sort=new",
        "/projects/new",
        "/me/settings",
        "/me/settings/delete",
        "/search?q=project",
    ]
    pages += [f"/projects/{project}{page}" for page in ("", "/edit", "/delete")]
    pages += [f"/users/{user.username}", f"/admin/people/{other.username}"]
    await client.post("/me/settings/tokens", form={"name": "script"})
    field = f'name="account" value="{user.username}"'
    for page in pages:
        forms = await forms_on(client, page)
        assert len(forms) > 1, page
        assert [form for form in forms if field not in form] == [], page


async def test_pages_of_visitors_name_no_account(free_app, board):
    await board.project()
    for page in ("/?sort=new", "/register"):
        assert all('name="account"' not in form for form in await forms_on(client_of(free_app), page))


PATHS = {
    "/projects/new": {"title": "Mine"},
    "/projects/{}/edit": {"title": "Mine"},
    "/projects/{}/delete": {"confirm": "yes"},
    "/projects/{}/vote": {"value": "1"},
    "/me/settings/tokens": {"name": "script"},
    "/me/settings/password": {"current": "correct horse", "password": "battery staple"},
    "/me/settings/delete": {"password": "correct horse"},
    "/admin/projects/{}": {"action": "hide", "reason": "Because."},
    "/logout": {"everywhere": "yes"},
}


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize("path", PATHS)
async def test_a_form_of_another_accounts_page_does_nothing(browser, board, db, path, headers):
    client, kim, lee = browser
    project = await board.project()
    author = "UPDATE projects SET author_id = (SELECT id FROM users WHERE username = $1) WHERE id = $2"
    await db.execute(author, lee, project)
    before = await state_of(db, lee, project)
    form = {"account": kim, **PATHS[path]}
    answer = await client.post(path.format(project), form=form, headers=headers)
    text = await answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert f"opened by {kim}, but you are signed in as {lee} now" in text
    assert "Reload" in text
    assert await state_of(db, lee, project) == before


async def state_of(db, name, project) -> list:
    return [
        dict(row)
        for statement in (
            "SELECT projects.* FROM projects JOIN users ON users.id = author_id WHERE username = $1",
            "SELECT * FROM users WHERE username = $1",
            "SELECT api_tokens.id FROM api_tokens JOIN users ON users.id = user_id WHERE username = $1",
        )
        for row in await db.fetch(statement, name)
    ]


async def test_the_own_page_works(browser, board):
    client, _, lee = browser
    path = f"/projects/{await board.project()}/vote"
    assert (await client.post(path, form={"account": lee, "value": "1"})).status_code == 303
    made = await client.post("/projects/new", form={"account": lee, "title": "Mine"})
    assert made.status_code == 303


async def test_a_vote_without_a_name_counts_only_if_it_can_be_nobody_elses(browser, free_app, board):
    client, _, _ = browser
    path = f"/projects/{await board.project()}/vote"
    assert (await client.post(path, form={"value": "1"}, headers=HTMX)).status_code == 409
    only = client_of(free_app)
    await register(only)
    assert (await only.post(path, form={"value": "1"}, headers=HTMX)).status_code == 200


async def test_a_second_account_is_noticed_without_signing_out_and_kept(free_app, board, db):
    client, path = client_of(free_app), f"/projects/{await board.project()}/vote"
    await register(client)
    name = await register(client)
    for _ in range(2):
        assert (await client.post(path, form={"value": "1"}, headers=HTMX)).status_code == 409
        await client.post("/logout")
        await client.post("/login", form={"username": name, "password": "correct horse"})


async def test_a_forged_note_of_accounts_is_ignored(free_app, board):
    client = client_of(free_app, await board.user())
    client.set_cookie("localhost", COOKIE, "7-several.forged")
    path = f"/projects/{await board.project()}/vote"
    assert (await client.post(path, form={"value": "1"}, headers=HTMX)).status_code == 200
