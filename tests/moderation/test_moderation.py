"""Only admins can moderate, and each of their actions is in the moderation log."""

import re

import pytest

from app.accounts.commands import create_token
from tests.fast.vote_requests import FORM, request
from tests.fast_client import FastVotesApp
from tests.moderation.admin_pages import act, admin, page
from tests.support import client_of, session_cookie
from tests.vote_box import HTMX, post_vote

__all__ = ["admin"]


async def test_an_admin_hides_and_restores_a_project(free_app, board, admin):
    author, voter = await board.users(2)
    project_id, moderator = await board.project(author), client_of(free_app, admin)
    path, voter = f"/projects/{project_id}", client_of(free_app, voter)
    assert (await post_vote(voter, project_id, 1, **HTMX)).status_code == 200
    assert (await act(moderator, f"/admin{path}", "hide")).status_code == 303
    assert (await page(voter, path))[0] == 404
    assert (await post_vote(voter, project_id, -1, **HTMX)).status_code == 404
    assert path not in (await page(voter, f"/users/{author.username}"))[1]
    status, html = await page(moderator, path)
    assert status == 200
    assert "only its authors and admins see this page" in html
    assert path in (await page(moderator, "/admin/projects"))[1]
    await act(moderator, f"/admin{path}", "restore")
    assert (await page(voter, path))[0] == 200
    assert (await post_vote(voter, project_id, -1, **HTMX)).status_code == 200


async def test_an_admin_locks_and_unlocks_voting(free_app, board, admin):
    project_id, moderator = await board.project(), client_of(free_app, admin)
    path, voter = f"/admin/projects/{project_id}", client_of(free_app, await board.user())
    await act(moderator, path, "lock")
    assert (await post_vote(voter, project_id, 1, **HTMX)).status_code == 403
    assert "Unlock voting" in (await page(moderator, f"/projects/{project_id}"))[1]
    await act(moderator, path, "unlock")
    assert (await post_vote(voter, project_id, 1, **HTMX)).status_code == 200


async def test_the_moderation_log_says_who_did_what_when_and_why(free_app, board, admin):
    project_id, moderator = await board.project(), client_of(free_app, admin)
    for action in ("lock", "lock", "unlock"):  # the second one had nothing to do
        await act(moderator, f"/admin/projects/{project_id}", action, f"{action} <because>")
    html = (await page(moderator, "/admin/audit"))[1]
    listed = re.findall(rf'locked voting on\s+<a href="/projects/{project_id}">', html)
    assert len(listed) == 2
    assert html.index("unlock &lt;because&gt;") < html.index(": <bdi>lock &lt;because&gt;")
    assert admin.username in html


async def test_the_moderation_log_keeps_the_title_of_then(free_app, board, admin, db):
    author = await board.user()
    project_id, moderator = await board.project(author), client_of(free_app, admin)
    title = await db.fetchval("SELECT title FROM projects WHERE id = $1", project_id)
    await act(moderator, f"/admin/projects/{project_id}", "lock")
    await act(moderator, f"/admin/projects/{project_id}", "unlock")
    owner = client_of(free_app, author)
    await owner.post(f"/projects/{project_id}/edit", form={"title": "Another"})
    await act(moderator, f"/admin/projects/{project_id}", "hide")
    await owner.post(f"/projects/{project_id}/delete", form={"confirm": "yes"})
    html = (await page(moderator, "/admin/audit"))[1]
    titles = re.findall(rf'<a href="/projects/{project_id}"><bdi>(.*?)</bdi>', html)
    assert titles == ["Another", title, title]
    # as the version before writes an entry
    await db.execute("UPDATE moderation_actions SET title = NULL WHERE project_id = $1", project_id)
    html = (await page(moderator, "/admin/audit"))[1]
    assert re.findall(rf'<a href="/projects/{project_id}"><bdi>(.*?)</bdi>', html) == ["Deleted"] * 3


async def test_the_moderation_log_has_pages(free_app, board, admin, monkeypatch):
    monkeypatch.setattr("app.moderation.forms.PAGE", 2)
    project_id, moderator = await board.project(), client_of(free_app, admin)
    for action in ("hide", "lock", "unlock"):
        await act(moderator, f"/admin/projects/{project_id}", action, f"why {action}")
    html = (await page(moderator, "/admin/audit"))[1]
    assert re.findall(r"why (\w+)", html) == ["unlock", "lock"]
    older = re.search(r"/admin/audit\?before=\d+", html).group()
    assert re.findall(r"why (\w+)", (await page(moderator, older))[1])[0] == "hide"


@pytest.mark.parametrize(
    "form",
    [
        {"action": "lock"},
        {"action": "lock", "reason": "\u2060\u202e"},
        {"action": "lock", "reason": "x" * 501},
        {"action": "x", "reason": "y"},
        {"reason": "y"},
    ],
)
async def test_an_action_needs_a_reason(free_app, board, admin, db, form):
    project_id = await board.project()
    answer = await client_of(free_app, admin).post(f"/admin/projects/{project_id}", form=form)
    assert answer.status_code == 422
    assert not await db.fetchval("SELECT closed FROM projects WHERE id = $1", project_id)


@pytest.mark.parametrize("path", ["/admin/audit", "/admin/projects", "/admin/people/{name}"])
async def test_only_admins_see_the_moderation_pages(free_app, board, path):
    user = await board.user()
    path = path.format(name=user.username)
    assert (await page(client_of(free_app, user), path))[0] == 403
    answer = await client_of(free_app).get(path)
    assert answer.headers["Location"].startswith("/login?next=%2Fadmin%2F")


async def test_a_demoted_admin_loses_access_at_once(free_app, board, admin, db):
    project_id, moderator = await board.project(), client_of(free_app, admin)
    assert "Moderation" in (await page(moderator, f"/projects/{project_id}"))[1]
    await db.execute("UPDATE users SET is_admin = false WHERE id = $1", admin.id)
    assert (await act(moderator, f"/admin/projects/{project_id}", "hide")).status_code == 403
    assert (await page(moderator, "/admin/audit"))[0] == 403
    assert (await page(client_of(free_app), f"/projects/{project_id}"))[0] == 200


async def test_a_suspended_user_is_locked_out_at_once_everywhere(free_app, board, admin, db, settings):
    user, project_id = await board.user(), await board.project()
    token = await create_token(settings, user.username)
    bearer = {"Authorization": f"Bearer {token}"}
    body = {"project_id": project_id, "vote_type": "up"}
    api, browser = free_app.test_client(), client_of(free_app, user)
    assert (await api.post("/api/votes", json=body, headers=bearer)).status_code == 200
    fast_app = FastVotesApp(free_app)
    headers = {**FORM, "cookie": f"upvote_session={session_cookie(free_app, user)}"}
    assert (await request(fast_app, f"/projects/{project_id}/vote", b"value=1", headers)).status == 200
    moderator, path = client_of(free_app, admin), f"/admin/people/{user.username}"
    await act(moderator, path, "suspend")
    assert (await api.post("/api/votes", json=body, headers=bearer)).status_code == 401
    assert (await post_vote(browser, project_id, -1, **HTMX)).status_code == 401
    assert (await request(fast_app, f"/projects/{project_id}/vote", b"value=-1", headers)).status == 401
    await act(moderator, path, "unsuspend")
    assert (await api.post("/api/votes", json=body, headers=bearer)).status_code == 200
    assert (await post_vote(browser, project_id, -1, **HTMX)).status_code == 401  # the session is over


async def test_a_suspension_cannot_end_while_votes_are_removed(free_app, board, admin, db):
    user, moderator = await board.user(), client_of(free_app, admin)
    path = f"/admin/people/{user.username}"
    for action in ("suspend", "withdraw", "unsuspend"):
        await act(moderator, path, action)
    suspended = "SELECT suspended_at IS NOT NULL FROM users WHERE id = $1"
    assert await db.fetchval(suspended, user.id)
    await db.execute("UPDATE withdrawals SET finished_at = now() WHERE user_id = $1", user.id)
    await act(moderator, path, "unsuspend")
    assert not await db.fetchval(suspended, user.id)


async def test_admins_cannot_suspend_themselves(free_app, admin):
    answer = await act(client_of(free_app, admin), f"/admin/people/{admin.username}", "suspend")
    assert answer.status_code == 422
