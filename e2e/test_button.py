"""The vote button, claim by claim (a to k)."""

import asyncio
from itertools import pairwise

import pytest
from playwright.async_api import expect

from e2e.widget import HIDE, Widget, slowly

DEBOUNCE, THROTTLE, FRAME = 200, 500, 16  # ms


def values(sent) -> list[int]:
    return [request["value"] for request in sent]


async def test_a_a_burst_sends_one_request_200_ms_after_the_last_click(widget):
    last = await widget.click("up", "up", "up", "up", "up", every=0.05)
    [request] = await widget.settle()
    assert request["value"] == 1
    assert DEBOUNCE <= request["at"] - last < DEBOUNCE + 150
    await widget.expect(vote=1, score=1, version=1)


async def test_b_requests_of_one_widget_start_500_ms_apart(widget):
    await widget.click("up", "down", "down", "up", "up", "down", every=0.3)
    sent = await widget.settle(2)
    assert len(sent) >= 3
    gaps = [later["at"] - earlier["at"] for earlier, later in pairwise(sent)]
    assert min(gaps) >= THROTTLE - 1
    await widget.expect(vote=-1, score=-1)


async def test_c_a_click_that_settles_inside_the_500_ms_is_sent_at_their_end(widget):
    await widget.click("up")
    await widget.expect(vote=1, score=1)
    await widget.click("down")
    first, second = await widget.settle()
    assert values([first, second]) == [1, -1]
    assert THROTTLE - 1 <= second["at"] - first["at"] < THROTTLE + 150
    await widget.expect(vote=-1, score=-1)


async def test_d_a_burst_sends_its_final_state_only(widget):
    await widget.click("up", "down", "up", "down", every=0.03)
    assert values(await widget.settle()) == [-1]
    await widget.expect(vote=-1, score=-1, version=1)


async def test_e_back_to_the_start_within_a_burst_sends_nothing(widget):
    await widget.click("up", "up", every=0.05)
    assert await widget.settle() == []
    await widget.expect(vote=0, score=0, version=0)


async def test_e_slow_toggles_send_end_states(widget):
    for vote in (1, 0, 1):
        await widget.click("up")
        await widget.expect(vote=vote, score=vote)
        await asyncio.sleep(0.6)
    assert values(await widget.sent()) == [1, 0, 1]


# At each click: what the very next frame shows, and how long after the click it has been drawn (ms).
# What a frame's callback posts comes when that frame is done.
NOTE_FRAMES = """(id) => {
    const form = document.getElementById(`vote-${id}`);
    window.painted = [];
    addEventListener('click', (click) => requestAnimationFrame(() => {
        const up = form.querySelector('.vote-up');
        const frame = {
            pressed: up.getAttribute('aria-pressed'),
            score: form.querySelector('[data-score]').innerText,
            ground: getComputedStyle(up).backgroundColor,
        };
        const {port1, port2} = new MessageChannel();
        port1.onmessage = () => {
            window.painted.push({...frame, took: performance.now() - click.timeStamp});
        };
        port2.postMessage(null);
    }), true);
}"""


async def test_f_a_click_is_painted_in_the_next_frame(widget):
    await widget.page.evaluate(NOTE_FRAMES, widget.project_id)
    for clicks in range(1, 9):
        await widget.up.click()
        while len(frames := await widget.page.evaluate("window.painted")) < clicks:
            await asyncio.sleep(0.01)
    assert [frame["pressed"] for frame in frames] == ["true", "false"] * 4
    assert [frame["score"] for frame in frames] == ["1", "0"] * 4
    grounds = [frame["ground"] for frame in frames]
    assert set(grounds[::2]).isdisjoint(grounds[1::2])
    # A click waits for the screen as well, up to a whole frame: the luckiest tells what it takes.
    assert min(frame["took"] for frame in frames) < FRAME


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_f_a_refused_vote_is_rolled_back_to_the_last_confirmed_state(widget, status):
    await widget.click("up")
    await widget.expect(vote=1, score=1)
    await asyncio.sleep(0.6)

    async def refuse(route):
        await route.fulfill(status=status, body="<h1>no</h1>", content_type="text/html")

    await widget.answer(refuse)
    await widget.down.focus()
    await widget.watch()
    await widget.click("down")
    await expect(widget.message).to_contain_text("may not have been saved")
    await widget.expect(vote=1, score=1)
    assert await widget.shown() == [(1, 1), (-1, -1), (1, 1)]
    await expect(widget.down).to_be_focused()


async def hang_up(route):
    await asyncio.sleep(1)
    await route.abort()


@pytest.mark.parametrize("fault", ["aborted", "offline", "too slow"])
async def test_f_a_vote_without_an_answer_is_rolled_back(widget, fault):
    if fault == "aborted":
        await widget.answer(lambda route: route.abort())
    elif fault == "offline":
        await widget.page.context.set_offline(True)
    else:
        assert "timeout:10s" in await widget.form.get_attribute("hx-config")
        await widget.form.evaluate("form => form.setAttribute('hx-config', 'timeout:300ms')")
        await widget.answer(hang_up)
    await widget.watch()
    await widget.click("up")
    await expect(widget.message).to_have_text("Your vote may not have been saved. Try again.")
    assert await widget.shown() == [(0, 0), (1, 1), (0, 0)]


async def test_f_a_vote_that_was_saved_is_not_doubted(widget):
    """The answer is lost, but the live stream knows: before the button has given up, or after."""

    async def lose(route):
        await route.fetch()
        await asyncio.sleep(lost_after)
        await route.abort()

    await widget.answer(lose)
    for vote, lost_after in ((1, 2), (0, 0)):
        await widget.click("up")
        await widget.until_sent(2 - vote)
        await widget.settle(lost_after + 1)
        await widget.expect(vote=vote, score=vote)
        await expect(widget.message).to_be_empty()


async def test_f_a_stray_login_page_never_lands_in_the_widget(widget):
    async def login_page(route):
        await route.fulfill(status=200, body="<h1>Sign in</h1>", content_type="text/html")

    await widget.answer(login_page)
    await widget.watch()
    await widget.click("up")
    await expect(widget.message).to_contain_text("may not have been saved")
    await widget.expect(vote=0, score=0)
    assert await widget.shown() == [(0, 0), (1, 1), (0, 0)]
    assert not any("Sign in" in words for words in await widget.words())


async def test_f_nothing_is_sent_before_retry_after_has_passed(widget):
    async def busy(route):
        await route.fulfill(status=503, headers={"Retry-After": "2"}, body="")

    await widget.answer(busy)
    await widget.click("up")
    await expect(widget.message).to_contain_text("may not have been saved")
    assert len(await widget.sent()) == 1
    await widget.click("up")
    await expect(widget.message).to_contain_text("Try again in")
    assert len(await widget.settle(1)) == 1
    await widget.page.unroute("**/vote")
    await widget.page.unroute_all()
    await asyncio.sleep(1.2)
    await widget.click("up")
    await widget.expect(vote=1, score=1)


async def test_g_without_javascript_a_vote_comes_back_to_its_project(new_context, board):
    context = await new_context(await board.user(), java_script_enabled=False)
    page, project_id = await context.new_page(), await board.project()
    await page.goto("/?sort=new")
    widget = Widget(page, project_id)
    await widget.up.click()
    await page.wait_for_url(f"**/?sort=new#project-{project_id}")
    await widget.expect(vote=1, score=1, version=1)
    await widget.up.click()
    await widget.expect(vote=0, score=0, version=2)


async def test_h_keys_work_and_the_focus_stays_through_the_swap(widget):
    await widget.up.focus()
    node = await widget.up.element_handle()
    await widget.page.keyboard.press("Space")
    await widget.expect(vote=1, score=1)
    await expect(widget.up).to_be_focused()
    assert await node.evaluate("node => node === document.activeElement")
    await widget.page.keyboard.press("Tab")
    await expect(widget.down).to_be_focused()
    await widget.page.keyboard.press("Enter")
    await widget.expect(vote=-1, score=-1)


async def test_h_a_held_enter_sends_one_request(widget):
    await widget.up.focus()
    for _ in range(20):  # a key that repeats, as the system does after a while
        await widget.page.keyboard.down("Enter")
        await asyncio.sleep(0.03)
    await widget.page.keyboard.up("Enter")
    sent = await widget.settle()
    assert values(sent) == [1]
    await widget.expect(vote=1, score=1)


async def test_i_widgets_on_one_page_never_disturb_each_other(page, board):
    projects = [await board.project() for _ in range(5)]
    await page.goto("/?sort=new")
    widgets = [Widget(page, project_id) for project_id in projects]
    await widgets[0].answer(lambda route: slowly(route, 1.5))
    await widgets[1].answer(lambda route: route.fulfill(status=503, headers={"Retry-After": "9"}))
    for widget in widgets:
        await widget.watch()
    for widget, name in zip(widgets, ("up", "up", "down", "up"), strict=False):
        await widget.click(name)
    await widgets[2].expect(vote=-1, score=-1, version=1)
    await widgets[3].expect(vote=1, score=1, version=1)
    await widgets[1].expect(vote=0, score=0)
    await widgets[0].expect(vote=1, score=1, version=1)
    up, down = [(0, 0), (1, 1)], [(0, 0), (-1, -1)]
    assert [await widget.shown() for widget in widgets] == [up, [*up, (0, 0)], down, up, [(0, 0)]]


async def with_a_long_throttle(route):
    """The page, with time enough to leave it before the throttle ends."""
    response = await route.fetch()
    page = (await response.text()).replace(f"throttle:{THROTTLE}ms", "throttle:30s")
    await route.fulfill(response=response, body=page)


@pytest.mark.parametrize("moment", ["debounce", "throttle", "flight"])
async def test_j_leaving_the_page_loses_nothing(widget, board, functions, moment):
    last = 1
    if moment == "throttle":
        await widget.page.route(f"**/projects/{widget.project_id}", with_a_long_throttle)
        await widget.page.reload()
        await widget.click("up")
        await widget.expect(vote=1, score=1)
        await widget.click("down")
        await asyncio.sleep(0.25)
        last = -1
    else:
        await widget.click("up")
        if moment == "flight":
            await widget.until_sent(1)
    await widget.page.goto("/register")
    async with asyncio.timeout(5):
        while True:
            standing = (await functions.read([widget.project_id])).get(widget.project_id)
            if standing and standing.tally.score == last:
                break
            await asyncio.sleep(0.05)


async def test_j_a_page_that_is_hidden_sends_at_once(widget):
    hide = f"button => {{ button.click(); ({HIDE})(true); return performance.now(); }}"
    hidden = await widget.up.evaluate(hide)
    [request] = await widget.settle()
    assert request["at"] - hidden < DEBOUNCE / 2
    await widget.expect(vote=1, score=1, version=1)


async def test_k_an_old_slow_answer_never_overwrites_a_newer_intention(widget):
    await widget.answer(lambda route: slowly(route, 1.0))
    await widget.watch()
    await widget.click("up")
    await widget.until_sent(1)
    await widget.click("down")
    await widget.expect(vote=-1, score=-1, version=2)
    assert await widget.shown() == [(0, 0), (1, 1), (-1, -1)]
    assert values(await widget.sent()) == [1, -1]
