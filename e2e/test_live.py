"""Every page shows all votes (l), and they do not change a pending vote."""

import asyncio

import pytest
from playwright.async_api import expect

from app.voting.votes import Vote
from e2e.widget import DEBOUNCE, Widget, late, until_listed
from tests.board.organise import organise
from tests.waiting import until

__all__ = ["organise"]


async def test_l_a_vote_of_another_user_appears_without_reloading(open_widget, board):
    project_id, (one, other) = await board.project(), await board.users(2)
    widget = await open_widget(one, project_id)
    others = await open_widget(other, project_id)
    await others.click("up")
    await widget.expect(vote=0, score=1, version=1)
    assert await widget.sent() == []


async def test_l_a_visitor_sees_new_votes(open_widget, board, batcher):
    project_id, user = await board.project(), await board.user()
    widget = await open_widget(None, project_id)
    await batcher.cast(Vote(project_id, user.id, -1))
    await widget.expect(vote=0, score=-1, version=1)


async def test_l_updates_never_change_a_pending_vote(still, board, batcher):
    released = asyncio.Event()
    await still.answer(lambda route: late(route, released))
    await still.click("up")
    await still.watch()
    await still.wait(DEBOUNCE)
    for n, other in enumerate(await board.users(3), 1):
        await batcher.cast(Vote(still.project_id, other.id, 1))
        await still.expect_painted(vote=1, score=n + 1)
    released.set()
    await still.until_answered()  # with the old answer of an older version
    await still.expect(vote=1, score=4, version=4)
    assert await still.shown() == [(1, 1), (1, 2), (1, 3), (1, 4)]  # the score never went back


async def test_two_pages_of_one_user_show_the_same_in_the_end(open_widget, board):
    project_id, user = await board.project(), await board.user()
    one = await open_widget(user, project_id)
    two = await open_widget(user, project_id)
    await one.click("up")
    await two.expect(vote=1, score=1, version=1)
    await two.click("down")
    await one.expect(vote=-1, score=-1, version=2)
    await one.click("down")
    await two.expect(vote=0, score=0, version=3)
    assert len(await two.sent()) == 1


async def test_a_page_with_many_projects_follows_all_of_them(new_context, board, batcher):
    projects, user = [await board.project() for _ in range(5)], await board.user()
    page = await (await new_context(user)).new_page()
    await until_listed(page, *projects)
    await page.goto("/?sort=new")
    for project_id in projects:
        await batcher.cast(Vote(project_id, user.id, 1))
    for project_id in projects:
        await Widget(page, project_id).expect(vote=1, score=1, version=1)


async def test_the_split_of_votes_follows_the_users_vote_and_all_others(open_widget, board, batcher):
    project_id, (one, *others) = await board.project(), await board.users(3)
    widget = await open_widget(one, project_id)
    split = widget.page.locator(f"#split-{project_id}")
    await expect(split.get_by_text("No votes yet")).to_be_visible()
    await widget.click("up")
    await expect(split.locator(".split-words")).to_have_text("1 up 0 down 100% in favour")
    await expect(split.get_by_text("No votes yet")).to_be_hidden()
    for other in others:
        await batcher.cast(Vote(project_id, other.id, -1))
    await expect(split.locator(".split-words")).to_have_text("1 up 2 down 33% in favour")
    await expect(split.locator("rect.split-up")).to_have_attribute("width", "33")
    await widget.click("up")
    await expect(split.locator(".split-words")).to_have_text("0 up 2 down 0% in favour")
    await widget.expect(vote=0, score=-2)
    shown = await split.inner_html()
    await widget.page.reload()
    assert await split.inner_html() == shown


async def test_the_split_of_a_board_without_downvotes_says_nothing_of_them(
    organise, open_widget, board
):
    await organise(downvotes="no")
    widget = await open_widget(await board.user(), project_id := await board.project())
    split = widget.page.locator(f"#split-{project_id}")

    async def is_up_only():  # the web process follows within a second
        await widget.page.reload()
        return await split.get_attribute("data-up-only") is not None

    await until(is_up_only, "for the page without downvotes")
    await widget.click("up")
    await expect(split.locator(".split-words")).to_have_text("1 up")


# All layout shifts, also those right after a click, which browsers do not count in the score.
RECORD_SHIFTS = """() => {
    window.shifts = [];
    const note = (entries) => {
        for (const {sources} of entries) {
            window.shifts.push(sources.map(({node}) => node?.outerHTML ?? node?.textContent));
        }
    };
    window.noting = new PerformanceObserver((list) => note(list.getEntries()));
    window.noting.observe({type: 'layout-shift'});
    window.noteLast = () => note(window.noting.takeRecords());
}"""
# A frame has been painted when the next one begins.
READ_SHIFTS = """async () => {
    for (let n = 0; n < 2; n += 1) await new Promise(requestAnimationFrame);
    window.noteLast();
    return window.shifts;
}"""


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("place", ["/projects/{}", "/?sort=new"])
async def test_counts_and_messages_shift_nothing(new_context, board, batcher, place, width):
    project_id, (one, *others) = await board.project(), await board.users(13)
    page = await (await new_context(one, viewport={"width": width, "height": 800})).new_page()
    await until_listed(page, project_id)
    await page.goto(place.format(project_id))
    widget = Widget(page, project_id)
    await page.evaluate(RECORD_SHIFTS)
    await widget.click("up")
    await widget.expect(vote=1, score=1)
    for other in others[:9]:
        await batcher.cast(Vote(project_id, other.id, 1))
    await widget.expect(vote=1, score=10)
    for other in others:
        await batcher.cast(Vote(project_id, other.id, -1))
    await widget.expect(vote=1, score=-11)
    await widget.answer(lambda route: route.fulfill(status=503, headers={"Retry-After": "600"}))
    await widget.click("down")
    await expect(widget.message).to_contain_text("Try again in")
    await widget.expect(vote=1, score=-11)
    assert await page.evaluate(READ_SHIFTS) == []


async def test_a_hidden_page_closes_its_stream_and_is_updated_when_shown(open_widget, board, batcher):
    project_id, user = await board.project(), await board.user()
    widget, seen = [await open_widget(None, project_id) for _ in range(2)]
    await widget.hide()
    await batcher.cast(Vote(project_id, user.id, 1))
    await seen.expect(vote=0, score=1, version=1)
    await widget.expect(vote=0, score=0, version=0)
    await widget.hide(hidden=False)
    await widget.expect(vote=0, score=1, version=1)


async def test_a_refusal_counts_down_and_then_disappears(still):
    async def busy(route):
        await route.fulfill(status=503, headers={"Retry-After": "3"}, body="")

    await still.answer(busy)
    await still.click("up")
    await still.wait(DEBOUNCE)
    for seconds in (3, 2, 1):
        await expect(still.message).to_contain_text(f"Try again in {seconds} s.")
        await still.wait(1000)
    await expect(still.message).to_be_empty()
