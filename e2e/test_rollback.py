"""Claim f of the vote button: it shows a vote at once and rolls it back if the server refuses it."""

import asyncio

import pytest
from playwright.async_api import expect

from app.storage.timeouts import BUTTON_SECONDS
from e2e.widget import DEBOUNCE, Widget
from tests.waiting import until

TIME_OUT = int(BUTTON_SECONDS * 1000)
# What the next frame after each click shows.
RECORD_FRAMES = """(id) => {
    const form = document.getElementById(`vote-${id}`);
    window.painted = [];
    addEventListener('click', () => requestAnimationFrame(() => {
        const up = form.querySelector('.vote-up');
        window.painted.push({
            pressed: up.getAttribute('aria-pressed'),
            score: form.querySelector('[data-score]').innerText,
            ground: getComputedStyle(up).backgroundColor,
        });
    }), true);
}"""


async def vote(widget: Widget, name: str) -> None:
    """Click and wait for the debounce to pass."""
    await widget.click(name)
    await widget.wait(DEBOUNCE)


async def has_painted(widget: Widget, clicks: int) -> bool:
    # Without wait_for_function, which polls with eval, and the CSP forbids eval.
    return await widget.page.evaluate("window.painted.length") == clicks


async def test_f_a_click_is_painted_in_the_next_frame(widget):
    await widget.page.evaluate(RECORD_FRAMES, widget.project_id)
    for clicks in range(1, 9):
        await widget.up.click()
        await until(lambda wanted=clicks: has_painted(widget, wanted), "for the next frame")
    frames = await widget.page.evaluate("window.painted")
    assert [frame["pressed"] for frame in frames] == ["true", "false"] * 4
    assert [frame["score"] for frame in frames] == ["1", "0"] * 4
    grounds = [frame["ground"] for frame in frames]
    assert set(grounds[::2]).isdisjoint(grounds[1::2])


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_f_a_refused_vote_is_rolled_back_to_the_last_confirmed_state(still, status):
    await still.click("up")
    await still.settle()
    await still.expect(vote=1, score=1)

    async def refuse(route):
        await route.fulfill(status=status, body="<h1>no</h1>", content_type="text/html")

    await still.answer(refuse)
    await still.down.focus()
    await still.watch()
    await vote(still, "down")
    await expect(still.message).to_contain_text("may not have been saved")
    await still.expect(vote=1, score=1)
    assert await still.shown() == [(1, 1), (-1, -1), (1, 1)]
    await expect(still.down).to_be_focused()


@pytest.mark.parametrize("fault", ["aborted", "offline", "too slow"])
async def test_f_a_vote_without_an_answer_is_rolled_back(still, fault):
    given_up = asyncio.Event()

    async def hang_up(route):
        await given_up.wait()
        await route.abort()

    if fault == "aborted":
        await still.answer(lambda route: route.abort())
    elif fault == "offline":
        await still.page.context.set_offline(True)
    else:
        await still.answer(hang_up)
    await still.watch()
    await vote(still, "up")
    if fault == "too slow":
        await still.wait(TIME_OUT - 1)
        await expect(still.message).to_be_empty()
        await still.wait(1)
    await expect(still.message).to_have_text("Your vote may not have been saved. Try again.")
    given_up.set()
    await still.page.unroute_all(behavior="wait")
    assert await still.shown() == [(0, 0), (1, 1), (0, 0)]


async def test_f_a_vote_that_the_live_stream_confirmed_is_not_rolled_back(still):
    """The answer is lost after the live stream sent the vote."""
    lost = asyncio.Event()

    async def lose(route):
        await route.fetch()
        await lost.wait()
        await route.abort()

    await still.answer(lose)
    await still.watch()
    await vote(still, "up")
    await expect(still.form.locator(".vote-box")).to_have_attribute("data-version", "1")
    lost.set()
    await still.until_answered()
    await still.expect(vote=1, score=1)
    assert await still.shown() == [(0, 0), (1, 1)]
    assert not any("saved" in words for words in await still.words())


async def test_f_a_vote_that_the_live_stream_confirms_later_is_shown_again(still):
    """The answer is lost before the live stream sends the vote."""

    async def lose(route):
        await route.fetch()
        await route.abort()

    await still.answer(lose)
    await still.hide()  # a hidden page has no stream
    await vote(still, "up")
    await expect(still.message).to_contain_text("may not have been saved")
    await still.expect(vote=0, score=0, version=0)
    await still.hide(hidden=False)
    await still.expect(vote=1, score=1, version=1)
    await expect(still.message).to_be_empty()


async def test_f_a_login_page_is_never_swapped_into_the_widget(still):
    async def login_page(route):
        await route.fulfill(status=200, body="<h1>Sign in</h1>", content_type="text/html")

    await still.answer(login_page)
    await still.watch()
    await vote(still, "up")
    await expect(still.message).to_contain_text("may not have been saved")
    await still.expect(vote=0, score=0)
    assert await still.shown() == [(0, 0), (1, 1), (0, 0)]
    assert not any("Sign in" in words for words in await still.words())


async def test_f_nothing_is_sent_before_retry_after_has_passed(still):
    async def busy(route):
        await route.fulfill(status=503, headers={"Retry-After": "2"}, body="")

    await still.answer(busy)
    await vote(still, "up")
    await expect(still.message).to_have_text("Your vote may not have been saved. Try again in 2 s.")
    await still.page.unroute_all()
    await still.click("up")
    await still.wait(1999)
    await still.click("up")
    await expect(still.message).to_contain_text("Try again in 1 s.")
    assert len(await still.settle()) == 1
    await still.expect(vote=0, score=0, version=0)
    await still.click("up")
    assert len(await still.settle()) == 2
    await still.expect(vote=1, score=1, version=1)
