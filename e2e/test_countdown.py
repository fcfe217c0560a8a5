"""The countdown: buttons that turn on and off by themselves, and the votes that are left."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from app.web.formatting import long_time
from e2e.widget import THROTTLE, Widget, open_still
from tests.board.organise import organise
from tests.waiting import until

__all__ = ["organise"]


async def test_an_open_page_obeys_new_times_without_a_reload(organise, open_widget, board):
    widget = await open_widget(await board.user(), await board.project())
    bar = widget.page.locator("#countdown")
    await expect(bar).to_be_hidden()
    await organise(vote_until="now")
    await expect(widget.up).to_be_disabled()
    await expect(bar).to_contain_text("Voting has ended")
    await organise(vote_until="")
    await expect(widget.up).to_be_enabled()
    news = widget.page.get_by_role("main").get_by_role("status").filter(has_text="Voting is open now.")
    await expect(news).to_have_count(1)  # a role is not found in what is hidden
    await widget.click("up")
    await widget.expect(vote=1, score=1)


async def test_the_buttons_turn_on_at_the_moment_at_which_voting_begins(
    organise, open_widget, board, app
):
    begin = app.extensions["upvote"].board.now() + timedelta(seconds=4)
    await organise(vote_from=begin.isoformat())
    widget = await open_widget(await board.user(), await board.project())
    bar = widget.page.locator("#countdown")
    if datetime.now(UTC) < begin - timedelta(seconds=1):  # else this machine was too slow to see it
        await expect(bar).to_contain_text("Voting begins in")
    await expect(widget.up).to_be_enabled()
    await widget.click("up")
    await widget.expect(vote=1, score=1)
    await expect(bar).to_be_hidden()


BEGIN, END = (datetime(2098, 12, 5, hour, tzinfo=UTC) for hour in (19, 20))
AWAY = ZoneInfo("America/New_York")


def words(moment: datetime, zone: str, reader: ZoneInfo = AWAY) -> str:
    """Return how a page gives a time of a board in this zone to a reader in another one."""
    own = moment.astimezone(reader)
    return f"{long_time(moment, ZoneInfo(zone))} ({own:%a} {own.day} {own:%b, %H:%M} where you are)"


@pytest.mark.parametrize("path", ["/search", "/screen"])
async def test_an_open_page_gives_the_end_of_voting_as_a_new_one_does(organise, new_context, path):
    await organise(timezone="Europe/Berlin", vote_from=BEGIN.isoformat(), vote_until=END.isoformat())
    page = await (await new_context(timezone_id=AWAY.key)).new_page()
    clock = page.locator(".countdown-clock")
    await page.clock.install()

    async def knows_the_times() -> bool:
        await page.goto(path)
        return "Voting begins" in await clock.inner_text()

    await until(knows_the_times, "for the times on the page")
    await expect(clock).to_contain_text(words(BEGIN, "Europe/Berlin"))
    to_the_end = END - datetime.now(UTC) - timedelta(minutes=30)
    await page.clock.fast_forward(1000 * int(to_the_end.total_seconds()))
    await expect(clock).to_contain_text("Voting ends")
    await expect(clock).to_contain_text(words(END, "Europe/Berlin"))
    assert words(BEGIN, "Europe/Berlin") not in await clock.inner_text()


async def test_an_open_page_gives_a_new_end_in_the_time_zone_of_the_board(organise, new_context, board):
    await organise(timezone="Europe/Berlin", vote_until=BEGIN.isoformat())
    page = await (await new_context(timezone_id=AWAY.key)).new_page()
    await page.goto(f"/projects/{await board.project()}")
    clock = page.locator(".countdown-clock")
    await expect(clock).to_contain_text(words(BEGIN, "Europe/Berlin"))
    await organise(timezone="Europe/Berlin", vote_until=END.isoformat())
    await expect(clock).to_contain_text(words(END, "Europe/Berlin"))
    await organise(timezone="Asia/Tokyo", vote_until=END.isoformat())
    await expect(clock).to_contain_text(words(END, "Asia/Tokyo"))
    await organise(timezone=AWAY.key, vote_until=END.isoformat())
    await expect(clock).to_contain_text(long_time(END, AWAY))
    await expect(clock).not_to_contain_text("where you are")


async def test_a_page_says_how_many_votes_are_left_and_which_could_be_taken_back(
    organise, open_widget, board
):
    await organise(budget="1")
    user, first, second = await board.user(), await board.project(), await board.project()
    widget = await open_widget(user, first)
    left = widget.page.locator(".votes-left")

    async def knows_the_budget():  # the web process follows within a second
        await widget.page.reload()
        return await left.is_visible()

    await until(knows_the_budget, "for the budget on the page")
    await expect(left).to_have_text("1 of 1 votes left")
    await widget.click("up")
    await widget.expect(vote=1, score=1)
    await expect(left).to_have_text("0 of 1 votes left")
    other = await open_widget(user, second)
    await other.click("up")
    await expect(other.message).to_contain_text("You have used all your votes. Take one back first.")
    await other.expect(vote=0, score=0)


async def test_an_answer_of_a_process_that_knows_older_times_does_not_turn_the_buttons(
    organise, new_context, board
):
    page = await (await new_context(await board.user())).new_page()
    await open_still(page, f"/projects/{(project_id := await board.project())}")
    widget, boxes = Widget(page, project_id), []

    async def turned(route) -> None:
        """Answer as a process does for which voting is open where it has ended, and the reverse."""
        response = await route.fetch()
        boxes.append(text := await response.text())
        closed = text.replace(' aria-pressed="', ' disabled data-by-time aria-pressed="')
        body = text.replace(" disabled data-by-time", "") if "data-by-time" in text else closed
        await route.fulfill(response=response, status=200, body=body)

    await widget.answer(turned)
    await widget.click("up")
    await page.clock.run_for(THROTTLE)
    await widget.expect(vote=1, score=1)
    await expect(widget.up).to_be_enabled()
    await expect(widget.down).to_be_enabled()
    released = asyncio.Event()
    await page.unroute(f"**/projects/{project_id}/vote")

    async def wait_and_turn(route) -> None:
        await released.wait()
        await turned(route)

    await widget.answer(wait_and_turn)
    await widget.click("down")
    await page.clock.run_for(THROTTLE)
    await widget.until_sent(2)
    await organise(vote_until="now")
    await expect(widget.up).to_be_disabled()
    released.set()
    await widget.until_answered()
    assert "data-by-time" in boxes[-1]
    await expect(widget.up).to_be_disabled()
    await expect(widget.down).to_be_disabled()
