"""While tallies are secret, buttons show the reader's own votes and no number, without a reload."""

import asyncio

import pytest
from playwright.async_api import expect

from app.board.change import reveal
from app.voting.votes import Vote
from e2e.widget import DEBOUNCE, late
from tests.board.organise import organise
from tests.waiting import until

__all__ = ["organise"]


async def expect_secret(widget, vote):
    """Wait until the server has confirmed this vote and the widget shows no number."""
    box = widget.form.locator(f".vote-box[data-secret][data-vote='{vote}'][data-version='0']")
    await expect(box).to_be_attached()
    await expect(widget.form.locator("[data-score]")).to_have_text("–")
    await expect(widget.form.locator(".vote-score-label")).to_contain_text("Score: hidden")
    await expect(widget.up).to_have_attribute("aria-pressed", str(vote == 1).lower())
    await expect(widget.down).to_have_attribute("aria-pressed", str(vote == -1).lower())


async def _is_secret(page, address):
    return "data-secret" in await (await page.request.get(address)).text()


@pytest.fixture
async def secret(organise, app):
    await organise(tallies="after_reveal")
    return app.extensions["upvote"].board


async def test_an_open_page_hides_the_tally_when_secrecy_begins_and_shows_it_when_revealed(
    organise, app, open_widget, board, batcher
):
    project_id, (one, *others) = await board.project(), await board.users(3)
    for other in others:
        await batcher.cast(Vote(project_id, other.id, 1))
    widget = await open_widget(one, project_id)
    await widget.click("up")
    await widget.expect(vote=1, score=3)
    split = widget.page.locator(f"#split-{project_id}")
    await organise(tallies="after_reveal")
    await expect_secret(widget, 1)
    await expect(split.get_by_text("The votes are hidden")).to_be_visible()
    await expect(split.locator(".split-words")).to_be_hidden()
    await widget.click("down")
    await expect_secret(widget, -1)
    await reveal(app.extensions["upvote"].board, None)
    await widget.expect(vote=-1, score=1)
    await expect(widget.form.locator("[data-secret]")).to_have_count(0)
    await expect(split.locator(".split-words")).to_have_text("2 up 1 down 67% in favour")
    await expect(split.get_by_text("The votes are hidden")).to_be_hidden()


async def test_a_secret_page_follows_the_own_vote_in_another_tab(secret, open_widget, board):
    project_id, user = await board.project(), await board.user()
    one, two = await open_widget(user, project_id), await open_widget(user, project_id)
    await expect_secret(one, 0)
    await one.click("up")
    await expect_secret(two, 1)
    await two.click("up")
    await expect_secret(one, 0)
    await one.watch()
    await one.click("down")
    await expect_secret(one, -1)
    await expect_secret(two, -1)
    assert not any(character.isdigit() for text in await one.words() for character in text)


async def test_a_project_without_votes_shows_its_score_when_revealed(secret, open_widget, board):
    widget = await open_widget(None, await board.project())
    await expect_secret(widget, 0)
    await reveal(secret, None)
    await widget.expect(vote=0, score=0)


async def test_a_late_answer_does_not_undo_a_newer_vote_of_another_tab(
    secret, still, board, batcher, db
):
    username = await still.page.locator("form.vote [name=account]").first.input_value()
    user_id = await db.fetchval("SELECT id FROM users WHERE username = $1", username)
    await expect_secret(still, 0)
    released = asyncio.Event()
    await still.answer(lambda route: late(route, released))
    await still.click("up")
    await still.wait(DEBOUNCE)
    await expect(still.form.locator("[data-vote='1']")).to_be_attached()  # by the live stream
    await batcher.cast(Vote(still.project_id, user_id, -1))
    await expect(still.form.locator("[data-vote='-1']")).to_be_attached()
    await expect(still.up).to_have_attribute("aria-pressed", "true")  # what is wanted stays
    released.set()
    await still.until_answered()
    await expect_secret(still, -1)


async def test_a_vote_that_is_answered_as_secrecy_begins_is_kept(organise, still, batcher, board):
    for other in await board.users(2):
        await batcher.cast(Vote(still.project_id, other.id, 1))
    await still.expect(vote=0, score=2)
    answer = asyncio.Event()

    async def hold(route):
        await answer.wait()
        await route.fulfill(response=await route.fetch())

    await still.page.route("**/live?*", lambda route: route.abort())
    await still.answer(hold)
    await still.hide()
    await still.hide(hidden=False)  # without a stream from now on
    await still.click("up")
    await still.wait(DEBOUNCE)
    await still.until_sent(1)
    await organise(tallies="after_reveal")
    address = f"/projects/{still.project_id}"
    await until(
        lambda: _is_secret(still.page, address), "until the web process keeps the tallies secret"
    )
    answer.set()
    await still.until_answered()
    await still.expect(vote=1, score=3)
