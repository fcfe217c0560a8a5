"""A project is in one track or none; lists, feeds and the API can be limited to a track."""

import re

import pytest

from app.projects.rows import PAGE
from tests.support import client_of


async def submit(app, author, title, track):
    form = {"title": title, "track": track, "key": title}
    return await client_of(app, author).post("/projects/new", form=form)


async def text_of(answer):
    return await answer.get_data(as_text=True)


async def page(app, address, author=None):
    return await text_of(await client_of(app, author).get(address))


@pytest.fixture
async def games(tracks, app, board):
    """Make two tracks, a project in the first and one in none; return the author."""
    await tracks(games="Games & fun", tools="Tools")
    author = await board.user()
    assert (await submit(app, author, f"Chess by {author.username}", "games")).status_code == 303
    assert (await submit(app, author, f"None by {author.username}", "")).status_code == 303
    return author


@pytest.mark.parametrize(
    "address", ["/?sort=new", "/?sort=hot&t=all", "/?sort=top&t=day", "/?sort=best"]
)
async def test_a_list_can_be_limited_to_a_track(games, app, address):
    for reader in (None, games):
        html = await page(app, f"{address}&track=games", reader)
        assert f"Chess by {games.username}" in html
        assert f"None by {games.username}" not in html
        assert f"Chess by {games.username}" not in await page(app, f"{address}&track=tools", reader)


async def test_every_link_of_a_list_keeps_the_track(games, app, board):
    for n in range(PAGE):
        await submit(app, games, f"Game {n} of {games.username}", "games")
    html = await page(app, "/?sort=top&t=week&track=games")
    links = re.findall(r'href="(/\?sort=[^"]*|/feed[^"]*)"', html)
    others = [link for link in links if "track=games" not in link]
    # Only those to other tracks lead away.
    assert others == ["/?sort=top&amp;t=week", "/?sort=top&amp;t=week&amp;track=tools"]
    [following] = [link for link in links if "after=" in link]
    rest = await page(app, following.replace("&amp;", "&"))
    assert "Chess by" in rest or "Game" in rest
    assert "None by" not in rest


async def test_a_project_shows_its_track(games, app):
    html = await page(app, "/?sort=new&track=games")
    assert '<a class="project-track" href="/?track=games"><bdi>Games &amp; fun</bdi></a>' in html
    [number] = re.findall(r'href="/projects/(\d+)"', html)[:1]
    assert 'href="/?track=games"' in await page(app, f"/projects/{number}")


@pytest.mark.parametrize("address", ["/", "/feed.atom", "/api/projects"])
async def test_an_unknown_track_is_404_and_names_the_tracks(games, app, address):
    answer = await client_of(app).get(f"{address}?track=chess")
    assert answer.status_code == 404
    assert "games, tools" in await text_of(answer)


async def test_a_track_that_does_not_exist_cannot_be_chosen(games, app):
    answer = await submit(app, games, "A project of a track that was removed", "chess")
    html = await text_of(answer)
    assert answer.status_code == 422
    assert "games, tools" in html
    assert "A project of a track that was removed" in html


async def test_an_author_changes_the_track(games, app):
    html = await page(app, "/?sort=new&track=games")
    [number] = re.findall(r'id="project-(\d+)"', html)
    client = client_of(app, games)
    form = await text_of(await client.get(f"/projects/{number}/edit"))
    assert '<option value="games" selected>' in form
    await client.post(f"/projects/{number}/edit", form={"title": "Chess", "track": "tools"})
    assert 'href="/?track=tools"' in await page(app, f"/projects/{number}")
    # A form from before there were tracks keeps it.
    await client.post(f"/projects/{number}/edit", form={"title": "Go"})
    assert 'href="/?track=tools"' in await page(app, f"/projects/{number}")
    await client.post(f"/projects/{number}/edit", form={"title": "Go", "track": ""})
    assert 'class="project-track"' not in await page(app, f"/projects/{number}")


async def test_a_board_without_tracks_has_no_field_and_no_choice(app, board):
    author = await board.user()
    assert 'name="track"' not in await page(app, "/projects/new", author)
    assert "All tracks" not in await page(app, "/")
    answer = await submit(app, author, "A project without a track", "games")
    assert "This board has no tracks." in await text_of(answer)


async def test_a_feed_can_be_limited_to_a_track(games, app):
    feed = await page(app, "/feed.atom?track=games")
    assert f"Chess by {games.username}" in feed
    assert f"None by {games.username}" not in feed
    assert 'href="http://localhost/?sort=new&amp;t=all&amp;track=games"' in feed
