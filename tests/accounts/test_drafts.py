"""What was typed is not lost when a session has ended, or another person has signed in."""

import re
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.accounts.hashing import quick_hashes
from tests.accounts.person import PASSWORD, Person, one
from tests.board.some_tracks import tracks
from workers.remove_expired import remove_expired

__all__ = ["one", "quick_hashes", "tracks"]

TEXT = {"title": "An hour of <work>", "url": "https://x.example/", "description": "Words\n" * 200}


def holds(page: str) -> bool:
    """Return whether a form shows the text."""
    return 'value="An hour of &lt;work&gt;"' in page and "Words\nWords\n" in page


@pytest.mark.parametrize("way", ["everywhere", "here", "old page"])
async def test_a_submission_is_shown_again_after_signing_in(one, way):
    if way == "here":
        await one.client.post("/logout")
    else:
        await one.session_ends()
    account = {"account": ""} if way == "old page" else {}
    login = await one.send("/projects/new", **TEXT, **account)
    assert "What you wrote is kept" in login
    assert "vote" not in login.split("<main")[1].split("<form")[0]
    page = await one.sign_in()
    assert holds(page)
    assert "this was not sent" in page
    assert await one.db.fetchval("SELECT count(*) FROM projects WHERE author_id = $1", one.id) == 0


async def test_a_draft_is_forgotten_when_it_was_sent(one):
    await one.session_ends()
    await one.send("/projects/new", **TEXT)
    await one.sign_in()
    assert holds(await one.page("/projects/new"))  # a reload loses nothing either
    await one.client.post("/projects/new", form=TEXT)
    assert not holds(await one.page("/projects/new"))


async def test_a_draft_is_forgotten_on_signing_out(one):
    await one.session_ends()
    await one.send("/projects/new", **TEXT)
    await one.sign_in()
    await one.client.post("/logout")
    assert not holds(await one.sign_in())


async def test_a_draft_is_shown_to_its_author_only(one, free_app, db):
    other = await Person(free_app, db).register()
    await one.session_ends()
    await one.send("/projects/new", **TEXT)
    assert not holds(await one.sign_in(other.name))
    assert not holds(await other.page("/projects/new"))
    assert holds(await one.sign_in())


async def test_nothing_is_kept_for_an_account_that_never_was_in_this_browser(one, free_app, db):
    stranger = Person(free_app, db)
    stranger.name = one.name
    assert "is kept" not in await stranger.send("/projects/new", **TEXT)
    visitor = await Person(free_app, db).register()
    await visitor.client.post("/logout")
    visitor.name = one.name
    assert "is kept" not in await visitor.send("/projects/new", **TEXT)
    assert await db.fetchval("SELECT count(*) FROM drafts WHERE user_id = $1", one.id) == 0


async def test_another_site_plants_no_draft(one):
    await one.session_ends()
    headers = {"Origin": "https://evil.example"}
    assert (await one.client.post("/projects/new", form=TEXT, headers=headers)).status_code == 403
    assert not holds(await one.sign_in())


async def test_passwords_are_not_kept(one, db):
    await one.session_ends()
    await one.send("/me/settings/password", current=PASSWORD, password="battery staple")
    await one.send("/me/settings/delete", password=PASSWORD)
    assert await db.fetchval("SELECT count(*) FROM drafts WHERE user_id = $1", one.id) == 0


async def test_other_forms_are_shown_again_too(one, board, db):
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", one.id)
    project, somebody = await board.project(), await board.user()
    await db.execute("UPDATE projects SET author_id = $1 WHERE id = $2", one.id, project)
    forms = [
        (f"/projects/{project}/edit", f"/projects/{project}/edit", {"title": "Better <words>"}),
        ("/me/settings/tokens", "/me/settings", {"name": "Better <words>"}),
        (f"/admin/projects/{project}", f"/projects/{project}", {"reason": "Better <words>"}),
        (f"/admin/people/{somebody.username}", None, {"reason": "Better <words>"}),
        (f"/projects/{project}/team", None, {"action": "invite", "username": "Better <words>"}),
        (
            "/admin/suspensions",
            f"/admin/suspensions/new?accounts={somebody.id}",
            {"accounts": str(somebody.id), "reason": "Better <words>"},
        ),
    ]
    for path, page, form in forms:
        await one.session_ends()
        await one.send(path, **form)
        assert 'value="Better &lt;words&gt;"' in await one.sign_in(to=page or path), path


def forms_with(page: str, text: str) -> list[tuple[str, bool]]:
    """Return the forms that show a text, and whether the notice of a draft stands before each."""
    parts = re.split("(?=<form )", page)
    pairs = [(before.split("</form>")[-1], form) for before, form in pairwise(parts)]
    return [(form, "this was not sent" in gap) for gap, form in pairs if f'value="{text}"' in form]


async def test_a_draft_is_shown_in_the_form_that_it_was_typed_into(one, board, db, tracks, monkeypatch):
    words = one.app.jinja_env.globals
    with_mail = words["settings"].model_copy(update={"smtp_url": "smtp://mail.example"})
    monkeypatch.setitem(words, "settings", with_mail)
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", one.id)
    await tracks(games="Games", maps="Maps")
    somebody = await board.user()
    await board.project(somebody)
    account, reason = f"/admin/people/{somebody.username}", {"reason": "Better words"}
    for page, path, form, button in [
        (account, account, reason | {"action": "suspend"}, "Suspend"),
        (account, f"{account}/link", reason, "Make a link"),
        (account, account, reason | {"action": "hide-projects"}, "Hide all projects"),
        ("/admin/tracks", "/admin/tracks", {"name": "Better words", "slug": "better"}, "Add track"),
        ("/admin/tracks", "/admin/tracks/maps", {"name": "Better words", "action": "rename"}, "Rename"),
        (
            "/admin/tracks",
            "/admin/tracks/gone",
            {"name": "Better words", "action": "rename"},
            "Add track",
        ),
        ("/admin/invitations", "/admin/invitations", {"label": "Better words"}, "Make invitation"),
        ("/me/settings", "/me/settings/name", {"display_name": "Better words"}, "Save name"),
        ("/me/settings", "/me/settings/tokens", {"name": "Better words"}, "Create token"),
        ("/me/settings", "/me/settings/mail", {"address": "Better words"}, "Send a mail to confirm"),
    ]:
        await one.session_ends()
        await one.send(path, **form)
        shown = forms_with(await one.sign_in(to=page), "Better words")
        assert [(button in form, noticed) for form, noticed in shown] == [(True, True)], path


async def test_accounts_that_were_left_out_are_not_chosen_again(one, board, db):
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", one.id)
    first, second = await board.user(), await board.user()
    form = {"accounts": f"{first.id},{second.id}", "keep": str(first.id), "reason": "Stuffed"}
    await one.session_ends()
    answer = await one.client.post("/admin/suspensions", form={"account": one.name, **form})
    to = parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]
    page = await one.sign_in(to=to)
    assert f'name="accounts" value="{second.id}"' in page
    assert 'value="Stuffed"' in page


async def test_a_name_that_the_form_had_filled_in_is_no_draft(one, board, db):
    project = await board.project()
    await db.execute("UPDATE projects SET author_id = $1 WHERE id = $2", one.id, project)
    for path, form in (
        ("/me/settings/password", {"current": PASSWORD, "password": "battery staple"}),
        ("/me/settings/provider", {"password": PASSWORD}),
        (f"/projects/{project}/team", {"action": "remove"}),
    ):
        await one.session_ends()
        assert "is kept" not in await one.send(path, username=one.name, **form), path
        assert await db.fetchval("SELECT count(*) FROM drafts WHERE user_id = $1", one.id) == 0


async def test_an_invitation_that_was_sent_is_forgotten(one, board, db):
    project, somebody = await board.project(), await board.user()
    await db.execute("UPDATE projects SET author_id = $1 WHERE id = $2", one.id, project)
    path, form = f"/projects/{project}/team", {"action": "invite", "username": somebody.username}
    await one.session_ends()
    assert "is kept" in await one.send(path, **form)
    field = f' value="{somebody.username}">'
    assert field in (await one.sign_in(to=path)).split("Invite somebody")[1]
    assert (await one.client.post(path, form=form)).status_code == 303
    assert field not in (await one.page(path)).split("Invite somebody")[1]


async def test_drafts_are_few_and_end(one, free_app, db):
    await one.session_ends()
    for number in range(7):
        await one.send(f"/projects/{number + 1}/edit", **TEXT)
    kept = "SELECT count(*) FROM drafts WHERE user_id = $1"
    assert await db.fetchval(kept, one.id) == 5
    await db.execute(
        "UPDATE drafts SET saved_at = now() - interval '25 hours' WHERE user_id = $1", one.id
    )
    await remove_expired(free_app.extensions["upvote"])
    assert await db.fetchval(kept, one.id) == 0


async def test_an_export_has_the_drafts_and_a_deleted_account_has_none(one, db):
    await one.session_ends()
    await one.send("/projects/new", **TEXT)
    await one.sign_in()
    assert "An hour of <work>" in await one.page("/me/export.json")
    await one.client.post("/me/settings/delete", form={"password": PASSWORD})
    assert await db.fetchval("SELECT count(*) FROM drafts WHERE user_id = $1", one.id) == 0
