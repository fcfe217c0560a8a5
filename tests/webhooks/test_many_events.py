"""Changes of many projects at once are told, each project once."""

import json

from app.accounts.queries import select_user
from app.accounts.settings.delete_account import delete
from app.accounts.state import AccountsState
from app.board.change_tracks import remove_track
from app.moderation import actions
from app.moderation.many.suspend_many import suspend_many
from app.projects.imports.import_projects import import_projects
from app.projects.team import members
from tests.moderation.admin_pages import admin
from tests.support import client_of
from tests.webhooks.told import FORM, kite, services, told, wanted

__all__ = ["admin", "kite", "services", "told", "wanted"]


async def test_many_that_are_hidden_at_once_are_told_each(board, told, services, admin):
    author = await board.user()
    ids = [await board.project(author) for _ in range(3)]
    await suspend_many(
        services, AccountsState(services), admin.id, [author.id], "spam", hide_projects=True
    )
    assert [(kind, data["project"]["id"]) for kind, data in await told()] == [
        ("project.removed", project_id) for project_id in ids
    ]
    await actions.moderate_projects_of(services, admin.id, "restore", [author.id], "no spam")
    assert [(kind, data["project"]["id"]) for kind, data in await told()] == [
        ("project.submitted", project_id) for project_id in ids
    ]


async def test_an_account_that_is_deleted_leaves_its_name_nowhere(kite, board, told, services, db):
    author, project_id = kite
    other = await board.project()
    await db.execute(
        "INSERT INTO project_members (project_id, user_id, accepted_at) VALUES ($1, $2, now())",
        other,
        author.id,
    )
    await told()
    account = await select_user(db, author.username)
    await delete(services, AccountsState(services), account, delete_projects=False)
    found = await told()
    assert [(kind, data["project"]["id"]) for kind, data in found] == [
        ("project.updated", project_id),
        ("project.updated", other),
    ]
    assert author.username not in json.dumps(found)


async def test_an_account_that_is_deleted_with_its_projects_removes_them_once(
    kite, board, told, services, db, free_app
):
    author, project_id = kite
    gone = await board.project(author)
    await client_of(free_app, author).post(f"/projects/{gone}/delete", form={"confirm": "yes"})
    await told()
    account = await select_user(db, author.username)
    await delete(services, AccountsState(services), account, delete_projects=True)
    assert [(kind, data["project"]["id"]) for kind, data in await told()] == [
        ("project.removed", project_id)
    ]


async def test_an_import_tells_each_project_with_its_team(settings, board, told):
    first, second = await board.users(2)
    text = f"title,authors\nA,{first.username} {second.username}\nB,{first.username}\n"
    await import_projects(settings, text, "")
    found = await told()
    assert {kind for kind, _ in found} == {"project.submitted"}
    projects = [data["project"] for _, data in found]
    assert [(each["title"], len(each["authors"])) for each in projects] == [("A", 2), ("B", 1)]
    await import_projects(settings, text, "")
    assert await told() == []


async def test_members_who_join_and_leave_are_told(kite, board, told, services):
    author, project_id = kite
    member = await board.user()
    await members.invite(services, author.id, project_id, member.username)
    await told()
    await members.accept(services, project_id, member.id)
    await members.leave(services, project_id, member.id)
    assert [data["project"]["authors"] for _, data in await told()] == [
        [author.username, member.username],
        [author.username],
    ]


async def test_projects_of_a_removed_track_are_updated(tracks, board, told, free_app):
    await tracks(games="Games", tools="Tools")
    own = free_app.extensions["upvote"].board
    author = await board.user()
    await client_of(free_app, author).post("/projects/new", form=FORM | {"track": "games"})
    [(_, data)] = await told()
    assert data["project"]["track"] == "games"
    await remove_track(own, None, "games", "tools")
    assert [(kind, data["project"]["track"]) for kind, data in await told()] == [
        ("project.updated", "tools")
    ]
