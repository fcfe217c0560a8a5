"""Everyone sees everyone's votes (l), and nobody's intention is disturbed by them."""

import asyncio
import time

import pytest
from playwright.async_api import expect

from app.voting.votes import Vote
from e2e.widget import Widget, slowly


async def open_widget(new_context, account, project_id) -> Widget:
    page = await (await new_context(account)).new_page()
    await page.goto(f"/projects/{project_id}")
    return Widget(page, project_id)


async def test_l_another_persons_vote_arrives_within_two_seconds(new_context, board):
    project_id, (one, other) = await board.project(), await board.users(2)
    widget = await open_widget(new_context, one, project_id)
    others = await open_widget(new_context, other, project_id)
    start = time.monotonic()
    await others.click("up")
    await widget.expect(vote=0, score=1, version=1)
    assert time.monotonic() - start < 2
    assert await widget.sent() == []


async def test_l_a_visitor_sees_votes_as_well(new_context, board, desk):
    project_id, user = await board.project(), await board.user()
    widget = await open_widget(new_context, None, project_id)
    await desk.cast(Vote(project_id, user.id, -1))
    await widget.expect(vote=0, score=-1, version=1)


async def test_l_news_never_touch_a_pending_intention(new_context, board, desk):
    project_id, (one, *others) = await board.project(), await board.users(4)
    widget = await open_widget(new_context, one, project_id)
    await widget.answer(lambda route: slowly(route, 1.5))
    await widget.click("up")
    await widget.watch()
    await widget.until_sent(1)
    for n, other in enumerate(others, 1):
        await desk.cast(Vote(project_id, other.id, 1))
        await widget.expect_painted(vote=1, score=n + 1)
    await asyncio.sleep(1.5)  # the old answer came meanwhile, with an older version
    await widget.expect(vote=1, score=4, version=4)
    assert await widget.shown() == [(1, 1), (1, 2), (1, 3), (1, 4)]  # the score has not gone back


async def test_two_pages_of_one_user_converge(new_context, board):
    project_id, user = await board.project(), await board.user()
    one = await open_widget(new_context, user, project_id)
    two = await open_widget(new_context, user, project_id)
    await one.click("up")
    await two.expect(vote=1, score=1, version=1)
    await two.click("down")
    await one.expect(vote=-1, score=-1, version=2)
    await one.click("down")
    await two.expect(vote=0, score=0, version=3)
    assert len(await two.sent()) == 1


async def test_a_page_with_many_projects_follows_all_of_them(new_context, board, desk):
    projects, user = [await board.project() for _ in range(5)], await board.user()
    page = await (await new_context(user)).new_page()
    await page.goto("/?sort=new")
    for project_id in projects:
        await desk.cast(Vote(project_id, user.id, 1))
    for project_id in projects:
        await Widget(page, project_id).expect(vote=1, score=1, version=1)


async def test_the_split_of_a_projects_votes_follows_ones_own_and_everyones(new_context, board, desk):
    project_id, (one, *others) = await board.project(), await board.users(3)
    widget = await open_widget(new_context, one, project_id)
    split = widget.page.locator(f"#split-{project_id}")
    await expect(split.get_by_text("No votes yet")).to_be_visible()
    await widget.click("up")
    await expect(split.locator(".split-words")).to_have_text("1 up 0 down 100% in favour")
    await expect(split.get_by_text("No votes yet")).to_be_hidden()
    for other in others:
        await desk.cast(Vote(project_id, other.id, -1))
    await expect(split.locator(".split-words")).to_have_text("1 up 2 down 33% in favour")
    await expect(split.locator("rect.split-up")).to_have_attribute("width", "33")
    await widget.click("up")
    await expect(split.locator(".split-words")).to_have_text("0 up 2 down 0% in favour")
    await widget.expect(vote=0, score=-2)
    shown = await split.inner_html()
    await widget.page.reload()
    assert await split.inner_html() == shown


# Everything that moves, also right after a click, which browsers do not count against a page.
NOTE_SHIFTS = """() => {
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            window.shifts.push(entry.sources.map(({node}) => node?.outerHTML ?? node?.textContent));
        }
    }).observe({type: 'layout-shift'});
}"""


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("place", ["/projects/{}", "/?sort=new"])
async def test_counts_and_messages_move_nothing(new_context, board, desk, place, width):
    project_id, (one, *others) = await board.project(), await board.users(13)
    page = await (await new_context(one, viewport={"width": width, "height": 800})).new_page()
    await page.goto(place.format(project_id))
    widget = Widget(page, project_id)
    await page.evaluate(NOTE_SHIFTS)
    await widget.click("up")
    await widget.expect(vote=1, score=1)
    for other in others[:9]:
        await desk.cast(Vote(project_id, other.id, 1))
    await widget.expect(vote=1, score=10)
    for other in others:
        await desk.cast(Vote(project_id, other.id, -1))
    await widget.expect(vote=1, score=-11)
    await widget.answer(lambda route: route.fulfill(status=503, headers={"Retry-After": "9"}))
    await widget.click("down")
    await expect(widget.message).to_contain_text("Try again in")
    await widget.expect(vote=1, score=-11)
    await page.evaluate("new Promise((done) => setTimeout(done, 50))")
    assert await page.evaluate("window.shifts") == []


async def test_a_hidden_page_holds_no_stream_and_catches_up_when_seen(new_context, board, desk):
    project_id, user = await board.project(), await board.user()
    widget = await open_widget(new_context, None, project_id)
    await widget.hide()
    await desk.cast(Vote(project_id, user.id, 1))
    await asyncio.sleep(1.5)
    await widget.expect(vote=0, score=0, version=0)
    await widget.hide(hidden=False)
    await widget.expect(vote=0, score=1, version=1)


async def test_a_refusal_counts_down_and_then_goes_away(widget):
    async def busy(route):
        await route.fulfill(status=503, headers={"Retry-After": "3"}, body="")

    await widget.answer(busy)
    await widget.click("up")
    await expect(widget.message).to_contain_text("Try again in 3 s.")
    await expect(widget.message).to_contain_text("Try again in 1 s.")
    await expect(widget.message).to_be_empty()
