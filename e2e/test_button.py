"""Claims of the vote button: what it sends and when (a to e), and its state (g, h, i, k).

The claims f are in test_rollback.py, j in test_leaving.py, l in test_live.py.
"""

import asyncio
from itertools import pairwise

from playwright.async_api import expect

from e2e.widget import DEBOUNCE, THROTTLE, Widget, late, open_still, settle, until_listed


def values(sent) -> list[int]:
    return [request["value"] for request in sent]


async def test_a_a_burst_sends_one_request_200_ms_after_the_last_click(still):
    last = await still.burst("up", "up", "up", "up", "up", every=50)
    await still.wait(DEBOUNCE - 1)
    assert await still.sent() == []
    await still.wait(1)
    [request] = await still.settle()
    assert (request["value"], request["at"] - last) == (1, DEBOUNCE)
    await still.expect(vote=1, score=1, version=1)


async def test_a_with_the_browsers_real_clock_nothing_is_sent_too_soon(widget):
    """A slow machine may send later."""
    clicked = await widget.click("up", "up", "up", "up", "up")
    await widget.expect(vote=1, score=1, version=1)
    await widget.click("down")
    await widget.expect(vote=-1, score=-1, version=2)
    first, second = await widget.sent()
    assert first["at"] - clicked >= DEBOUNCE - 1
    assert second["at"] - first["at"] >= THROTTLE - 1


async def test_b_requests_of_one_widget_start_500_ms_apart(still):
    for name in ("up", "down", "down", "up", "up", "down"):
        await still.click(name)
        for _ in range(3):  # in steps, so that each request is answered before the next one
            await still.wait(100)
            await still.until_answered()
    sent = await still.settle()
    assert len(sent) >= 3
    assert min(later["at"] - earlier["at"] for earlier, later in pairwise(sent)) >= THROTTLE
    await still.expect(vote=-1, score=-1)


async def test_c_a_click_within_the_500_ms_is_sent_at_their_end(still):
    await still.click("up")
    await still.wait(DEBOUNCE)
    await still.until_answered()
    await still.click("down")
    await still.wait(THROTTLE - 1)
    assert values(await still.sent()) == [1]
    await still.wait(1)
    first, second = await still.settle()
    assert (second["value"], second["at"] - first["at"]) == (-1, THROTTLE)
    await still.expect(vote=-1, score=-1)


async def test_d_a_burst_sends_only_its_final_state(still):
    await still.burst("up", "down", "up", "down", every=30)
    assert values(await still.settle()) == [-1]
    await still.expect(vote=-1, score=-1, version=1)


async def test_e_a_burst_that_ends_where_it_began_sends_nothing(still):
    await still.burst("up", "up", every=50)
    assert await still.settle() == []
    await still.expect(vote=0, score=0, version=0)


async def test_e_slow_toggles_send_end_states(still):
    for vote in (1, 0, 1):
        await still.click("up")
        await still.settle()
        await still.expect(vote=vote, score=vote)
    assert values(await still.sent()) == [1, 0, 1]


async def test_g_without_javascript_a_vote_comes_back_to_its_project(new_context, board):
    context = await new_context(await board.user(), java_script_enabled=False)
    page, project_id = await context.new_page(), await board.project()
    await until_listed(page, project_id)
    await page.goto("/?sort=new")
    widget = Widget(page, project_id)
    await widget.up.click()
    await page.wait_for_url(f"**/?sort=new#project-{project_id}")
    await widget.expect(vote=1, score=1, version=1)
    await widget.up.click()
    await widget.expect(vote=0, score=0, version=2)


async def test_h_keys_work_and_the_focus_survives_the_swap(widget):
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


async def test_h_a_held_enter_sends_one_request(still):
    await still.up.focus()
    for _ in range(20):  # the key repeats while it is held
        await still.page.keyboard.down("Enter")
        await still.wait(30)
    await still.page.keyboard.up("Enter")
    assert values(await still.settle()) == [1]
    await still.expect(vote=1, score=1)


async def test_i_widgets_on_one_page_never_disturb_each_other(page, board):
    projects = [await board.project() for _ in range(5)]
    await until_listed(page, *projects)
    await open_still(page, "/?sort=new")
    widgets, released = [Widget(page, project_id) for project_id in projects], asyncio.Event()
    await widgets[0].answer(lambda route: late(route, released))
    await widgets[1].answer(lambda route: route.fulfill(status=503, headers={"Retry-After": "9"}))
    for widget in widgets:
        await widget.watch()
    for widget, name in zip(widgets, ("up", "up", "down", "up"), strict=False):
        await widget.click(name)
    await page.clock.run_for(DEBOUNCE)
    await widgets[2].expect(vote=-1, score=-1, version=1)
    await widgets[3].expect(vote=1, score=1, version=1)
    await widgets[1].expect(vote=0, score=0)
    released.set()
    await settle(page)
    await widgets[0].expect(vote=1, score=1, version=1)
    up, down = [(0, 0), (1, 1)], [(0, 0), (-1, -1)]
    assert [await widget.shown() for widget in widgets] == [up, [*up, (0, 0)], down, up, [(0, 0)]]


async def test_k_an_old_slow_answer_never_overwrites_a_newer_intention(still):
    released = asyncio.Event()
    await still.answer(lambda route: late(route, released))
    await still.watch()
    await still.click("up")
    await still.wait(DEBOUNCE)
    await still.click("down")
    await still.wait(2 * THROTTLE)
    assert values(await still.sent()) == [1]
    released.set()
    assert values(await still.settle()) == [1, -1]
    await still.expect(vote=-1, score=-1, version=2)
    assert await still.shown() == [(0, 0), (1, 1), (-1, -1)]


async def have_an_answer_come_during_a_debounce(still):
    """Vote up, and down before the answer, which comes half a debounce later."""
    released = asyncio.Event()
    await still.answer(lambda route: late(route, released))
    await still.click("up")
    await still.wait(DEBOUNCE)
    await still.wait(THROTTLE)
    await still.click("down")
    await still.wait(DEBOUNCE // 2)
    released.set()
    await still.until_answered()


async def test_k_an_answer_that_comes_during_the_debounce_does_not_end_it(still):
    await have_an_answer_come_during_a_debounce(still)
    assert values(await still.sent()) == [1]
    await still.wait(DEBOUNCE // 2 - 1)
    assert values(await still.sent()) == [1]
    await still.wait(1)
    assert values(await still.settle()) == [1, -1]
    await still.expect(vote=-1, score=-1, version=2)


async def test_e_a_burst_around_an_answer_that_ends_where_it_began_sends_nothing(still):
    await have_an_answer_come_during_a_debounce(still)
    await still.click("up")
    assert values(await still.settle()) == [1]
    await still.expect(vote=1, score=1, version=1)
