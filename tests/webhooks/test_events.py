"""Every change of a project that others can see is an event, written in its transaction."""

import json
import secrets

import pytest

from app.accounts.commands import create_token
from app.moderation import actions
from app.voting.votes import Vote
from tests.moderation.admin_pages import admin
from tests.support import client_of
from tests.webhooks.told import FORM, kite, services, told, wanted

__all__ = ["admin", "kite", "services", "told", "wanted"]

TALLY = {"upvotes", "downvotes", "score", "version", "secret", "vote_type"}


async def edit(app, author, project_id, **changes):
    form = FORM | changes
    return await client_of(app, author).post(f"/projects/{project_id}/edit", form=form)


async def test_a_submitted_project_is_told_as_the_api_shows_it_without_its_tally(
    kite, told, free_app, db
):
    author, project_id = kite
    await db.execute("UPDATE users SET display_name = 'Ann' WHERE id = $1", author.id)
    await edit(free_app, author, project_id, description="Flies high.")
    [(kind, _), (again, data)] = await told()
    assert (kind, again) == ("project.submitted", "project.updated")
    shown = json.loads(
        await (await free_app.test_client().get(f"/api/projects/{project_id}")).get_data()
    )
    assert {name: shown[name] for name in shown if name not in TALLY} | {"key": None} == data["project"]
    assert data["project"]["description"] == "Flies high."


async def test_a_project_of_the_api_is_told(settings, free_app, board, told):
    token = await create_token(settings, (await board.user()).username)
    headers = {"Authorization": f"Bearer {token}"}
    await free_app.test_client().post("/api/projects", json={"title": "Kite"}, headers=headers)
    [(kind, data)] = await told()
    assert (kind, data["project"]["title"]) == ("project.submitted", "Kite")


async def test_a_project_that_is_put_under_a_key_is_told_once(settings, free_app, admin, told):
    token = await create_token(settings, admin.username, ["projects"])
    client, key = free_app.test_client(), f"kite-{secrets.token_hex(6)}"
    for title in ("Kite", "Kite", "Kites"):
        await client.put(
            f"/api/projects/by-key/{key}",
            json={"title": title},
            headers={"Authorization": f"Bearer {token}"},
        )
    assert [
        (kind, data["project"]["key"], data["project"]["title"]) for kind, data in await told()
    ] == [
        ("project.submitted", key, "Kite"),
        ("project.updated", key, "Kites"),
    ]


async def test_saving_without_a_change_tells_nothing(kite, told, free_app):
    await told()
    await edit(free_app, *kite)
    assert await told() == []


async def test_what_an_admin_corrects_is_told(kite, told, free_app, admin):
    await told()
    await edit(free_app, admin, kite[1], title="Kites")
    assert [(kind, data["project"]["title"]) for kind, data in await told()] == [
        ("project.updated", "Kites")
    ]


async def test_a_deleted_project_is_told_with_nothing_of_what_it_said(kite, told, free_app, db):
    author, project_id = kite
    await db.execute("UPDATE projects SET key = 'article-9' WHERE id = $1", project_id)
    await told()
    await client_of(free_app, author).post(f"/projects/{project_id}/delete", form={"confirm": "yes"})
    project = {"id": project_id, "key": "article-9"}
    assert await told() == [("project.removed", {"project": project, "reason": "deleted"})]


async def test_a_hidden_project_is_removed_for_others_until_it_is_restored(
    kite, told, services, admin, free_app
):
    _, project_id = kite
    await told()
    await actions.moderate_project(services, admin.id, "hide", project_id, "spam")
    await actions.moderate_project(services, admin.id, "hide", project_id, "spam")
    [(kind, data)] = await told()
    assert (kind, data["reason"], set(data["project"])) == ("project.removed", "hidden", {"id", "key"})
    await edit(free_app, admin, project_id, title="Seen by admins only")
    await actions.moderate_project(services, admin.id, "lock", project_id, "spam")
    assert await told() == []
    await actions.moderate_project(services, admin.id, "restore", project_id, "no spam")
    [(kind, data)] = await told()
    assert (kind, data["project"]["title"]) == ("project.submitted", "Seen by admins only")


async def test_a_locked_project_is_updated(kite, told, services, admin):
    await told()
    await actions.moderate_project(services, admin.id, "lock", kite[1], "over")
    await actions.moderate_project(services, admin.id, "unlock", kite[1], "not over")
    assert [(kind, data["project"]["locked"]) for kind, data in await told()] == [
        ("project.updated", True),
        ("project.updated", False),
    ]


async def test_a_change_that_is_not_committed_tells_nothing(kite, told, services, admin, monkeypatch):
    await told()

    async def fail(*_: object) -> None:
        raise ValueError("just before the end")

    monkeypatch.setattr("app.moderation.actions._write_events", fail)
    with pytest.raises(ValueError, match="just before"):
        await actions.moderate_project(services, admin.id, "hide", kite[1], "spam")
    assert await told() == []
    monkeypatch.undo()
    assert await actions.moderate_project(services, admin.id, "hide", kite[1], "spam")


async def test_without_a_webhook_nothing_is_written(kite, db, free_app):
    await db.execute("DELETE FROM webhooks")
    await db.execute("DELETE FROM webhook_events")
    await edit(free_app, *kite, title="Kites")
    assert await db.fetchval("SELECT count(*) FROM webhook_events") == 0


async def test_a_vote_tells_nothing(kite, told, board, batcher):
    await told()
    await batcher.cast(Vote(kite[1], (await board.user()).id, 1))
    assert await told() == []
