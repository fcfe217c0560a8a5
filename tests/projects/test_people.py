"""Profiles, and the page of the user's own votes."""

import re

from app.voting.persist import persist_events
from tests.support import client_of


async def text(client, path):
    return await (await client.get(path)).get_data(as_text=True)


async def ids(client, path):
    return ids_on(await text(client, path))


def ids_on(page):
    return [int(number) for number in re.findall(r'id="project-(\d+)"', page)]


async def test_a_profile_shows_the_projects_of_its_owner(app, board):
    author = await board.user()
    projects = [await board.project(author) for _ in range(3)]
    assert await ids(client_of(app), f"/users/{author.username}") == projects[::-1]


async def test_a_profile_has_pages(app, board):
    author = await board.user()
    projects = [await board.project(author) for _ in range(30)]
    first = await ids(client_of(app), f"/users/{author.username}")
    rest = await ids(client_of(app), f"/users/{author.username}?after={first[-1]}")
    assert first + rest == projects[::-1]


async def test_the_pages_of_a_profile_are_numbered_on_and_end_in_true_words(app, board):
    author = await board.user()
    projects = [await board.project(author) for _ in range(27)]
    page = await text(client_of(app), f"/users/{author.username}")
    assert 'start="1"' in page
    second = re.search(r'href="([^"]*)" rel="next"', page)[1].replace("&amp;", "&")
    assert 'start="26"' in await text(client_of(app), second)
    past = await text(client_of(app), f"/users/{author.username}?after={projects[0]}")
    assert "No more projects" in past
    assert "has not submitted" not in past


async def test_an_unknown_name_is_not_found(app):
    assert (await client_of(app).get("/users/nobody-at-all")).status_code == 404


async def test_my_votes_lists_and_filters_the_users_votes(app, board, redis, db):
    client = client_of(app, await board.user())
    up, down, none = [await board.project() for _ in range(3)]
    for project_id, values in ((up, [1]), (down, [-1]), (none, [1, 0])):
        for value in values:
            await client.post(f"/projects/{project_id}/vote", form={"value": value})
    await persist_events(redis, db, 0)
    assert set(await ids(client, "/me/votes")) == {up, down}
    assert await ids(client, "/me/votes?filter=up") == [up]
    assert await ids(client, "/me/votes?filter=down") == [down]


async def test_a_changed_vote_leaves_the_filter_at_once(app, board, redis, db):
    client, project_id = client_of(app, await board.user()), await board.project()
    await client.post(f"/projects/{project_id}/vote", form={"value": 1})
    await persist_events(redis, db, 0)
    for value, paths in ((-1, ["/me/votes"]), (0, [])):
        await client.post(f"/projects/{project_id}/vote", form={"value": value})
        for path in ("/me/votes", "/me/votes?filter=up"):
            assert await ids(client, path) == ([project_id] if path in paths else [])


async def vote_on(client, projects, value):
    for project_id in projects:
        await client.post(f"/projects/{project_id}/vote", form={"value": value})


async def test_votes_that_are_taken_back_while_the_worker_is_away_leave_full_pages(
    free_app, board, redis, db
):
    client, author = client_of(free_app, await board.user()), await board.user()
    projects = [await board.project(author) for _ in range(56)]
    await vote_on(client, projects, 1)
    await persist_events(redis, db, 0)
    await vote_on(client, projects[28:], 0)
    page = await text(client, "/me/votes")
    assert ids_on(page) == projects[27:2:-1]
    second = re.search(r'href="([^"]*)" rel="next"', page)[1].replace("&amp;", "&")
    page = await text(client, second)
    assert ids_on(page) == projects[2::-1]
    assert 'start="26"' in page
    assert 'rel="next"' not in page
    await vote_on(client, projects[:3], 0)
    past = await text(client, second)
    assert "No more votes" in past
    assert "No votes yet" not in past


async def test_a_page_without_votes_leads_on_if_it_stopped_looking(
    free_app, board, redis, db, monkeypatch
):
    monkeypatch.setattr("app.projects.lists.MAX_READS", 0)
    client, author = client_of(free_app, await board.user()), await board.user()
    projects = [await board.project(author) for _ in range(28)]
    await vote_on(client, projects, 1)
    await persist_events(redis, db, 0)
    await vote_on(client, projects[1:], 0)
    page = await text(client, "/me/votes")
    assert ids_on(page) == []
    assert "No votes yet" not in page
    second = re.search(r'href="([^"]*)" rel="next"', page)[1].replace("&amp;", "&")
    assert ids_on(await text(client, second)) == projects[:1]


async def test_my_votes_needs_a_session(app):
    answer = await client_of(app).get("/me/votes")
    assert answer.headers["Location"] == "/login?next=%2Fme%2Fvotes"
