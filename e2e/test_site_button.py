"""The claims of the vote button, for an <upvote-button> on a page of another site.

What only such buttons do is in test_site_pages.py, and e2e/test_firefox.py asks Firefox.
"""

import asyncio

import pytest
from playwright.async_api import expect

from app.voting.votes import Vote
from e2e.site_button import READABLE
from e2e.widget import DEBOUNCE, THROTTLE, late, settle
from tests.waiting import until


def values(sent) -> list[int]:
    return [request["value"] for request in sent]


async def test_a_and_d_a_burst_sends_its_final_state_200_ms_after_the_last_click(embed):
    [button] = await embed()
    last = await button.burst("up", "down", "up", "down", every=50)
    await button.wait(DEBOUNCE - 1)
    assert await button.sent() == []
    await button.wait(1)
    [request] = await button.settle()
    assert (request["value"], request["at"] - last) == (-1, DEBOUNCE)
    await button.expect(vote=-1, score=-1, version=1)


async def test_b_and_c_the_last_click_is_sent_500_ms_after_the_last_request(embed):
    [button] = await embed()
    await button.click("up")
    await button.wait(DEBOUNCE)
    await button.until_answered()
    await button.click("down")
    await button.wait(THROTTLE - 1)
    assert values(await button.sent()) == [1]
    await button.wait(1)
    first, second = await button.settle()
    assert (second["value"], second["at"] - first["at"]) == (-1, THROTTLE)
    await button.expect(vote=-1, score=-1)


async def test_e_a_burst_that_ends_where_it_began_sends_nothing(embed):
    [button] = await embed()
    await button.burst("up", "up", every=50)
    assert await button.settle() == []
    for vote in (1, 0, 1):  # slower clicks send each state
        await button.click("up")
        await button.settle()
        await button.expect(vote=vote, score=vote)
    assert values(await button.sent()) == [1, 0, 1]


async def test_f_a_vote_is_painted_at_once_and_rolled_back_if_it_is_refused(embed):
    [button] = await embed()
    await button.click("up")
    assert await button.painted() == [1, 1]  # in the task of the click, without a frame between
    await button.settle()
    await button.expect(vote=1, score=1)

    async def busy(route):
        await route.fulfill(status=503, headers=READABLE | {"Retry-After": "2"}, body="no")

    await button.answer(busy)
    await button.watch()
    await button.down.focus()
    await button.click("down")
    await button.wait(DEBOUNCE)
    await expect(button.message).to_have_text("Your vote may not have been saved. Try again in 2 s.")
    await expect(button.down).to_be_focused()
    assert await button.shown() == [(1, 1), (-1, -1), (1, 1)]
    await button.page.unroute_all()
    await button.wait(1999)
    await button.click("down")
    await expect(button.message).to_contain_text("Try again in 1 s.")
    assert values(await button.settle()) == [1, -1]
    await button.click("down")
    assert values(await button.settle()) == [1, -1, -1]
    await button.expect(vote=-1, score=-1, version=2)


async def test_h_keys_work_the_focus_stays_and_a_held_enter_sends_one_request(embed):
    [button] = await embed()
    keyboard = button.page.keyboard
    await keyboard.press("Tab")
    await expect(button.up).to_be_focused()
    await keyboard.press("Space")
    await button.settle()
    await button.expect(vote=1, score=1)
    await expect(button.up).to_be_focused()
    await keyboard.press("Tab")
    await expect(button.down).to_be_focused()
    for _ in range(20):  # the key repeats while it is held
        await keyboard.down("Enter")
        await button.wait(30)
    await keyboard.up("Enter")
    assert values(await button.settle()) == [1, -1]
    await button.expect(vote=-1, score=-1)
    await expect(button.up).to_have_accessible_name(f"Upvote, {button.key}")


async def test_i_buttons_on_one_page_never_disturb_each_other(embed):
    slow, refused, fine, unused = buttons = await embed(4)
    released = asyncio.Event()
    await slow.answer(lambda route: late(route, released))
    busy = {"status": 503, "headers": READABLE | {"Retry-After": "9"}}
    await refused.answer(lambda route: route.fulfill(**busy))
    for button in buttons:
        await button.watch()
    for button, name in ((slow, "up"), (refused, "up"), (fine, "down")):
        await button.click(name)
    await fine.wait(DEBOUNCE)
    await fine.expect(vote=-1, score=-1, version=1)
    await refused.expect(vote=0, score=0)
    released.set()
    await settle(fine.page)
    await slow.expect(vote=1, score=1, version=1)
    up, down = [(0, 0), (1, 1)], [(0, 0), (-1, -1)]
    assert [await button.shown() for button in buttons] == [up, [*up, (0, 0)], down, [(0, 0)]]
    assert await unused.painted() == [0, 0]


async def test_j_leaving_the_page_loses_no_vote(embed, functions, base):
    """Each button is at another moment: in its debounce, its throttle, and its request."""
    debounced, throttled, flying = buttons = await embed(3)
    await throttled.click("up")
    await throttled.wait(DEBOUNCE)
    await throttled.expect(vote=1, score=1)
    await throttled.click("down")
    await throttled.wait(DEBOUNCE - 1)
    await flying.click("up")
    await debounced.wait(DEBOUNCE)
    await debounced.click("up")
    assert values(await debounced.sent()) == [1, 1]
    await debounced.page.goto(f"{base}/register")
    wanted = {debounced.project_id: 1, throttled.project_id: -1, flying.project_id: 1}

    async def arrived() -> bool:
        states = await functions.read([button.project_id for button in buttons])
        return {project_id: state.tally.score for project_id, state in states.items()} == wanted

    await until(arrived, "for what was wanted last")


@pytest.mark.long
async def test_j_the_first_vote_of_a_page_is_not_lost(embed, functions, base):
    """The browser has not asked yet whether the site may vote (a preflight)."""
    [button] = await embed()
    await button.click("up")
    await button.page.goto(f"{base}/register")

    async def arrived() -> bool:
        state = (await functions.read([button.project_id])).get(button.project_id)
        return state is not None and state.tally.score == 1

    await until(arrived, "for the vote")


async def test_k_an_old_slow_answer_never_overwrites_a_newer_intention(embed):
    [button] = await embed()
    released = asyncio.Event()
    await button.answer(lambda route: late(route, released))
    await button.watch()
    await button.click("up")
    await button.wait(DEBOUNCE)
    await button.click("down")
    await button.wait(2 * THROTTLE)
    assert values(await button.sent()) == [1]
    released.set()
    assert values(await button.settle()) == [1, -1]
    await button.expect(vote=-1, score=-1, version=2)
    assert await button.shown() == [(0, 0), (1, 1), (-1, -1)]


async def test_l_other_votes_arrive_without_touching_a_pending_vote(embed, board, batcher):
    [button] = await embed()
    one, *others = await board.users(3)
    await batcher.cast(Vote(button.project_id, one.id, 1))
    await button.expect(vote=0, score=1, version=1)
    await button.click("up")
    for n, other in enumerate(others, 2):
        await batcher.cast(Vote(button.project_id, other.id, 1))
        await button.expect_painted(vote=1, score=n + 1)
    await button.settle()
    await button.expect(vote=1, score=4, version=4)
