"""A rehearsal of an event with real processes, from its first project to its final result."""

import asyncio
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from app.board.change import change_board, reveal
from app.services import open_services
from e2e.rehearsal import invite, read_csv, stored_votes
from tests.chaos.history import Outcome
from tests.chaos.run import connections
from tests.chaos.stack import running_stack
from tests.waiting import until

pytestmark = pytest.mark.long

OPEN_AFTER, VOTING = timedelta(seconds=6), timedelta(seconds=24)


@pytest.fixture
async def event(tmp_path):
    """Yield an event whose submissions are closed, and which has neither begun nor ended voting."""
    async with (
        running_stack(tmp_path, auth_limit_max=0, submit_limit_max=0) as stack,
        connections(stack.settings) as (db, _),
        open_services(stack.settings) as services,
    ):
        yield await invite(stack, db), services, db


async def test_voting_opens_and_ends_by_itself_and_the_result_is_what_was_acknowledged(event, browser):
    event, services, db = event
    board, stack = services.board, event.stack
    await board.refresh()
    begin = (board.now() + OPEN_AFTER).replace(microsecond=0)
    end = begin + VOTING
    times = {"submit_until": "now", "vote_from": begin.isoformat(), "vote_until": end.isoformat()}
    await change_board(board, None, {"name": "Autumn games", "tallies": "after_reveal", **times})
    base = f"http://127.0.0.1:{next(iter(stack.webs))}"
    page = await browser.new_page(base_url=base)
    await page.context.add_cookies([cookie(base, event.cookies[next(iter(event.cookies))])])
    await page.goto(f"/projects/{event.project_ids[0]}")
    up = page.locator("form.vote .vote-up").first
    await expect(up).to_be_disabled()

    voting = asyncio.create_task(event.vote_until(end, after=2))
    await expect(up).to_be_enabled()  # by itself
    await up.click()
    await until(lambda: board.now() > begin + VOTING / 3)
    next(iter(stack.webs.values())).kill9()
    await stack.start_upvote()
    await until(lambda: board.now() > begin + VOTING / 2)
    stack.valkey.kill9()
    await stack.bring_up(stack.valkey)
    front = await event.get("/", None)
    assert "data-secret" in front
    assert 'data-score="0"' in front
    assert re.search('data-score="[^0]', front) is None
    await voting
    await page.reload()
    await expect(up).to_be_disabled()
    await until(event.is_final, "for the final result", every=0.5)
    votes = await stored_votes(db)
    outside = await db.fetch(
        "SELECT * FROM vote_events WHERE created_at < $1 OR created_at >= $2", begin, end
    )
    assert outside == []
    assert event.lost(votes) == []
    await revealed_on_the_screen(browser, base, event)
    await reveal(board, None)
    outcomes = Counter(intent.outcome for intent in event.history)
    assert outcomes[Outcome.ACKNOWLEDGED] > 100
    assert outcomes[Outcome.REFUSED] > 20  # before the beginning and after the end

    async def revealed():
        return (await event.get("/results.csv", None)).startswith("place,")

    await until(revealed, "for every process to show the results")
    shown = read_csv(await event.get("/results.csv", None))
    counted = {project_id: tally(votes, project_id) for project_id in event.project_ids}
    assert shown == counted
    print(outcomes, len(votes), datetime.now(UTC))


async def revealed_on_the_screen(browser, base, event):
    """Check that the screen reveals the first ten in the order of the final result."""
    results = json.loads(await event.api("/api/results"))["results"]
    page = await browser.new_page(base_url=base)
    await page.context.add_cookies([cookie(base, event.admin)])
    await page.goto("/screen?reveal=1")
    await expect(page.locator("#reveal-state")).to_have_text("These are the final results.")
    for _ in {result["place"] for result in results}:
        await page.keyboard.press("Space")
    titles = page.locator("#screen-rows .screen-title")
    await expect(titles).to_contain_text([result["title"] for result in results[:10]])


def tally(votes, project_id):
    values = [value for (project, _), value in votes.items() if project == project_id]
    return values.count(1), values.count(-1)


def cookie(base, value):
    return {"name": "upvote_session", "value": value, "url": base}
