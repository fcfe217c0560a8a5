"""Projects under a key of another site are told too, those of one key in their order."""

import json

from app.accounts.commands import create_token
from app.projects.imports.import_projects import import_projects
from tests.moderation.admin_pages import admin
from tests.support import client_of
from tests.webhooks.told import kite, services, told, wanted

__all__ = ["admin", "kite", "services", "told", "wanted"]


async def test_a_project_that_is_put_is_told_when_it_changes(settings, free_app, admin, told):
    token = await create_token(settings, admin.username, ["projects"])
    client, headers = free_app.test_client(), {"Authorization": f"Bearer {token}"}

    async def put(title: str) -> dict:
        answer = await client.put(
            "/api/projects/by-key/article-1", json={"title": title}, headers=headers
        )
        assert answer.status_code in (200, 201)
        return json.loads(await answer.get_data())

    shown = await put("Kite")
    await put("Kite")
    await put("Kites")
    (first, data), (second, after) = await told()
    assert (first, second) == ("project.submitted", "project.updated")
    assert (data["project"]["key"], data["project"]["id"]) == ("article-1", shown["id"])
    assert after["project"]["title"] == "Kites"


async def test_a_key_that_an_import_gives_keeps_what_waits_in_order(kite, told, settings, db):
    author, _ = kite
    text = f"title,url,key,authors\nKite,https://example.org/kite,article-2,{author.username}\n"
    await import_projects(settings, text, "")
    subjects = await db.fetch("SELECT subject FROM webhook_deliveries ORDER BY event_id")
    assert [row["subject"] for row in subjects] == ["key article-2"] * 2


async def test_a_key_keeps_its_order_where_it_names_another_project(kite, told, free_app, db):
    """What was deleted under a key is not told after what was made under it since."""
    author, project_id = kite
    await db.execute("UPDATE projects SET key = 'article-7' WHERE id = $1", project_id)
    await told()
    await client_of(free_app, author).post(f"/projects/{project_id}/delete", form={"confirm": "yes"})
    subjects = await db.fetch("SELECT DISTINCT subject FROM webhook_deliveries")
    assert [row["subject"] for row in subjects] == ["key article-7"]
