"""The countdown: buttons that turn on and off by themselves, and the votes that are left."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import expect

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
