"""The list of accounts and the list of a project's voters, for admins alone."""

import csv
import io
import itertools
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from app.accounts.commands import create_token
from app.moderation.voters import queries as voters
from app.voting.votes import Vote
from tests.moderation.admin_pages import admin, page
from tests.support import client_of

__all__ = ["admin"]

LISTED = re.compile(r'<th scope="row"><a href="/admin/people/([^"]+)"')
NEXT = re.compile(r'href="([^"]+)" rel="next"')


async def rows_of(client, path):
    """Return the rows of a CSV file."""
    answer = await client.get(path)
    assert answer.status_code == 200
    text = (await answer.get_data()).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def moderator(free_app, admin):
    return client_of(free_app, admin)


async def test_people_are_listed_with_their_votes(moderator, board, batcher, free_app):
    busy, single = await board.users(2)
    projects = [await board.project() for _ in range(3)]
    for project_id in projects:
        await batcher.cast(Vote(project_id, busy.id, 1))
    await batcher.cast(Vote(projects[0], single.id, -1))
    await free_app.extensions["upvote"].persist_events()
    rows = {
        row["username"]: row
        for row in await rows_of(moderator, f"/admin/people.csv?q={single.username}")
    }
    assert rows[single.username]["votes"] == "1"
    assert rows[single.username]["percent_on_one_project"] == "100"
    assert rows[single.username]["only_project"].startswith("Project ")
    [row] = await rows_of(moderator, f"/admin/people.csv?q={busy.username}")
    assert (row["votes"], row["percent_on_one_project"], row["only_project"]) == ("3", "33", "")
    html = (await page(moderator, f"/admin/people?q={single.username.upper()}"))[1]
    assert LISTED.findall(html) == [single.username]
    assert f'href="/admin/projects/{projects[0]}/votes"' in html
    account = (await page(moderator, f"/admin/people/{busy.username}"))[1]
    assert "3, 33% on one project" in account


async def test_people_are_found_and_listed_by_their_display_names(
    moderator, board, batcher, free_app, db
):
    user, project_id = await board.user(), await board.project()
    shown = f"Zoë 山田 {user.id}"
    await db.execute("UPDATE users SET display_name = $2 WHERE id = $1", user.id, shown)
    await batcher.cast(Vote(project_id, user.id, 1))
    await free_app.extensions["upvote"].persist_events()
    html = (await page(moderator, f"/admin/people?q={quote(f'ZOë 山田 {user.id}')}"))[1]
    assert LISTED.findall(html) == [user.username]
    assert f'<span dir="auto">{shown}</span>' in html
    for path in (f"/admin/projects/{project_id}/votes", f"/admin/people/{user.username}"):
        assert f'<span dir="auto">{shown}</span>' in (await page(moderator, path))[1]
    for path in (f"/admin/people.csv?q={user.username}", f"/admin/projects/{project_id}/votes.csv"):
        assert [row["display_name"] for row in await rows_of(moderator, path)] == [shown]


@pytest.mark.parametrize("sort", ["new", "old", "name"])
async def test_pages_show_everybody_once(moderator, board, db, sort, monkeypatch):
    monkeypatch.setattr("app.moderation.people.page.PAGE", 2)
    users = await board.users(5)
    await db.execute(  # names that are found together, and not in the order of registration
        "UPDATE users SET username = 'zz' || $2 || '_' || 10 - id % 10 WHERE id = ANY ($1)",
        [user.id for user in users],
        sort,
    )
    path, seen = f"/admin/people?sort={sort}&q=zz{sort}_", []
    while path:
        html = (await page(moderator, path))[1]
        seen.append(LISTED.findall(html))
        path = (found := NEXT.search(html)) and found[1].replace("&amp;", "&")
    names = list(itertools.chain(*seen))
    assert [len(names) for names in seen] == [2, 2, 1]
    by_id = [
        row["username"]
        for row in await db.fetch(
            "SELECT username FROM users WHERE id = ANY ($1) ORDER BY id", [user.id for user in users]
        )
    ]
    assert names == {"new": by_id[::-1], "old": by_id, "name": sorted(by_id)}[sort]


async def test_a_deleted_account_has_no_name_and_is_not_found_by_one(moderator, board, db):
    user = await board.user()
    name = f"deleted-{user.id}-abcdef"
    await db.execute("UPDATE users SET username = $2, deleted_at = now() WHERE id = $1", user.id, name)
    html = (await page(moderator, "/admin/people"))[1]
    assert f'<a href="/admin/people/{name}">deleted user</a>' in html
    assert LISTED.findall((await page(moderator, f"/admin/people?q={name}"))[1]) == []
    rows = {row["account"]: row for row in await rows_of(moderator, "/admin/people.csv")}
    assert rows[str(user.id)]["username"] == "deleted user"


async def test_suspended_accounts_are_listed_alone(moderator, board, db):
    suspended, other = await board.users(2)
    await db.execute("UPDATE users SET suspended_at = now() WHERE id = $1", suspended.id)
    found = LISTED.findall((await page(moderator, "/admin/people?show=suspended"))[1])
    assert suspended.username in found
    assert other.username not in found


async def test_voters_are_listed_with_the_age_of_their_accounts(
    moderator, board, batcher, db, free_app
):
    early, late, changed = await board.users(3)
    project_id, other = await board.project(), await board.project()
    await db.execute("UPDATE users SET created_at = now() - interval '3 days' WHERE id = $1", early.id)
    for vote in ((early, 1), (late, 1), (changed, 1), (changed, -1)):
        await batcher.cast(Vote(project_id, vote[0].id, vote[1]))
    await batcher.cast(Vote(other, early.id, 1))
    await free_app.extensions["upvote"].persist_events()
    await free_app.extensions["upvote"].sync.run()
    rows = await rows_of(moderator, f"/admin/projects/{project_id}/votes.csv")
    assert [row["username"] for row in rows] == [early.username, late.username, changed.username]
    assert [row["vote"] for row in rows] == ["up", "up", "down"]
    assert rows[2]["first_vote"] <= rows[2]["last_change"]
    assert rows[1]["first_vote"] == rows[1]["last_change"]
    assert [row["other_votes"] for row in rows] == ["1", "0", "0"]
    assert 259_200 <= int(rows[0]["account_age_seconds"]) < 259_300
    html = (await page(moderator, f"/admin/projects/{project_id}/votes"))[1]
    assert "2 up, 1 down" in html
    assert "3 days</td>" in html
    assert LISTED.findall(html) == [changed.username, late.username, early.username]


async def test_pages_of_voters_show_each_once_though_they_voted_at_once(
    moderator, board, db, monkeypatch
):
    monkeypatch.setattr("app.moderation.voters.page.PAGE", 2)
    monkeypatch.setattr("app.moderation.voters.page.CHUNK", 2)
    monkeypatch.setattr("app.moderation.voters.page.BLOCK", 3)
    users, project_id = await board.users(5), await board.project()
    at = datetime.now(UTC) - timedelta(hours=1, microseconds=7)
    for version, user in enumerate(users, 1):
        await db.execute(
            "INSERT INTO votes VALUES ($1, $2, 1, $3, $4)", project_id, user.id, version, at
        )
    path, seen = f"/admin/projects/{project_id}/votes", []
    while path:
        html = (await page(moderator, path))[1]
        seen += LISTED.findall(html)
        path = (found := NEXT.search(html)) and found[1]
    assert seen == [user.username for user in users[::-1]]
    rows = await rows_of(moderator, f"/admin/projects/{project_id}/votes.csv")
    assert [row["username"] for row in rows] == seen[::-1]
    await db.execute("DELETE FROM votes WHERE project_id = $1", project_id)


@pytest.mark.parametrize("after", ["1--99999999999999999999", "1-99999999999999999999", "-1--1", "x"])
async def test_voters_are_listed_after_any_number(moderator, board, after):
    path = f"/admin/projects/{await board.project()}/votes?after={after}"
    assert (await page(moderator, path))[0] == 200


async def test_a_project_with_too_many_events_is_listed_without_first_votes(
    moderator, board, batcher, free_app, monkeypatch
):
    project_id, user = await board.project(), await board.user()
    await batcher.cast(Vote(project_id, user.id, 1))
    await free_app.extensions["upvote"].persist_events()
    monkeypatch.setattr(voters, "FIRST_SECONDS", 0.0001)
    [row] = await rows_of(moderator, f"/admin/projects/{project_id}/votes.csv")
    assert row["username"] == user.username


@pytest.mark.parametrize(
    "path", ["people", "people.csv", "projects/{id}/votes", "projects/{id}/votes.csv"]
)
async def test_nobody_but_admins_sees_people_or_voters(free_app, board, settings, admin, path):
    user, path = await board.user(), f"/admin/{path.format(id=await board.project())}"
    assert (await page(client_of(free_app, user), path))[0] == 403
    assert (await client_of(free_app).get(path)).headers["Location"].startswith("/login?next=")
    for account in (user, admin):  # a token opens no page, not even that of an admin
        bearer = {"Authorization": f"Bearer {await create_token(settings, account.username)}"}
        assert (await free_app.test_client().get(path, headers=bearer)).status_code == 303


async def test_the_former_address_leads_to_the_page(moderator, board):
    user = await board.user()
    answer = await moderator.get(f"/admin/users/{user.username}")
    assert answer.headers["Location"] == f"/admin/people/{user.username}"
    assert (await page(moderator, answer.headers["Location"]))[0] == 200


@pytest.mark.parametrize(("path", "words", "never", "first"), [
    ("/admin/projects/{}/votes?after=0-0", "No more votes", "Nobody has", "/admin/projects/{}/votes"),
    ("/admin/projects?before=1", "No more projects", "Nothing is hidden", "/admin/projects"),
    ("/admin/audit?before=1", "No more actions", "No actions yet", "/admin/audit"),
    ("/admin/people?q=u&after=1", "No more accounts", "No name has", "/admin/people?q=u"),
    ("/admin/invitations?before=1", "no earlier invitations", "invitations yet", "/admin/invitations"),
])  # fmt: skip
async def test_past_the_end_of_a_list_the_page_says_so(moderator, board, path, words, never, first):
    project_id = await board.project()
    html = (await page(moderator, path.format(project_id)))[1]
    assert words in html
    assert never not in html
    assert f'<a href="{first.format(project_id)}">See ' in html


@pytest.mark.parametrize(("show", "who"), [("suspended", "suspended account"), ("admins", "admin")])
async def test_a_search_among_some_says_among_whom(moderator, board, show, who):
    name = (await board.user()).username
    html = (await page(moderator, f"/admin/people?show={show}&q={name}"))[1]
    assert f"No {who} has “<bdi>{name}</bdi>” in its name" in html
    assert f'<a href="/admin/people?q={name}">Search all accounts</a>' in html
