"""The screen: live without a sync, without tallies while they are secret, revealed by admins only."""

import asyncio
import html
import re
from types import SimpleNamespace

import pytest

from app.event import live_standings
from app.event.live_standings import ROWS
from tests.waiting import CEILING


async def titles_of(event, path="/screen/rows", account=None):
    """Return the titles in the rows of the answer, in order."""
    event.app.extensions["upvote_event"].live.forget()
    status, text = await event.get(path, account)
    assert status == 200
    return [html.unescape(title) for title in re.findall(r'class="screen-title[^>]*>([^<]*)<', text)]


async def test_a_project_rises_from_the_last_place_to_the_first_without_a_sync(event):
    for number in range(30):
        await event.project(f"Project {number}", *[1] * (number < 15))
    last = await event.project("Last")
    assert "Last" not in await titles_of(event)
    for _ in range(2):
        await event.vote(last, await event.board.user(), 1)
    titles = await titles_of(event)
    assert (titles[0], len(titles)) == ("Last", ROWS)
    assert await event.services.db.fetchval("SELECT upvotes FROM projects WHERE id = $1", last) == 0
    assert titles == await titles_of(event, "/screen")


async def test_many_screens_read_the_tallies_once(event, monkeypatch):
    await event.project("Kite", 1)
    reads = []
    read = event.services.functions.read

    async def count(*arguments):
        reads.append(arguments)
        return await read(*arguments)

    monkeypatch.setattr(live_standings, "TALLIES_SECONDS", CEILING)
    live = live_standings.LiveStandings(event.services.db, event.services.functions)
    monkeypatch.setattr(event.services.functions, "read", count)
    await asyncio.gather(*[live.best_first(None) for _ in range(5)])
    assert [row.title for row in await live.best_first(None)] == ["Kite"]
    assert len(reads) == 1


async def test_a_screen_of_a_track_shows_only_its_projects(event):
    await event.track("art", "Art")
    await event.project("Statue", 1, track="art")
    await event.project("Kite", 1, 1)
    assert await titles_of(event, "/screen/rows?track=art") == ["Statue"]
    assert (await event.get("/screen?track=gone"))[0] == 404
    assert (await event.get("/screen/rows?track=gone"))[0] == 404


async def test_a_screen_shows_the_address_and_its_code(event):
    status, page = await event.get("/screen")
    assert status == 200
    assert "No projects yet" in page
    assert "<svg" in page
    assert re.search(r'class="screen-address">[^<]*localhost', page)


async def test_a_secret_screen_shows_all_projects_in_turn(event, monkeypatch):
    await event.organise(tallies="after_reveal")
    monkeypatch.setattr(live_standings, "SHUFFLED_ROWS", ROWS)
    for number in range(2 * ROWS + 5):
        await event.project(f"Project {number}", 1)
    shown = []
    for turn in range(4):
        now = turn * live_standings.SHUFFLED_SECONDS
        monkeypatch.setattr(live_standings, "time", SimpleNamespace(time=lambda now=now: now))
        shown.append(await titles_of(event))
    assert [len(titles) for titles in shown] == [ROWS, ROWS, 5, ROWS]
    assert len({title for titles in shown for title in titles}) == 2 * ROWS + 5
    assert shown[3] == shown[0]


@pytest.mark.parametrize("path", ["/screen", "/screen/rows"])
async def test_a_secret_screen_says_nothing_about_votes_to_anybody(event, path):
    await event.organise(tallies="after_reveal")
    projects = [await event.project(f"Project {number}") for number in range(12)]
    accounts = (None, await event.board.user(), await event.admin())
    live = event.app.extensions["upvote_event"].live
    before = []
    for account in accounts:
        live.forget()
        before.append((await event.get(path, account))[1])
    for project_id in projects[:3]:
        for _ in range(3):
            await event.vote(project_id, await event.board.user(), 1)
    await event.services.persist_events()
    await event.services.sync.run()
    for account, page in zip(accounts, before, strict=True):
        live.forget()
        assert (await event.get(path, account))[1] == page
        assert "screen-score" not in page
    assert len(await titles_of(event, path)) == 12


async def test_only_admins_reveal_places(event):
    await event.project("Kite", 1)
    await event.services.persist_events()
    for path in ("/screen?reveal=1", "/screen/places"):
        assert (await event.get(path))[0] == 303
        status, text = await event.get(path, await event.board.user())
        assert (status, "Kite" in text) == (403, False)
    status, page = await event.get("/screen?reveal=1", await event.admin())
    assert (status, "Kite" in page) == (200, False)


async def test_places_come_last_first_and_ties_together(event):
    await event.organise(tallies="after_reveal")
    await event.project("Winner", 1, 1)
    for number in range(ROWS + 2):
        await event.project(f"Tied {number}", 1)
    await event.project("Last", -1)
    await event.services.persist_events()
    _, page = await event.get("/screen/places", await event.admin())
    groups = re.split(r"<ol ", page)[1:]
    assert [re.search('data-place="([0-9]+)"', group)[1] for group in groups] == ["14", "2", "1"]
    assert [group.count("<li") for group in groups] == [1, ROWS, 1]
    assert "and 3 more with the same score" in groups[1]
