"""An <upvote-button> whose place, or whose key, has become that of something else."""

import json
from functools import partial

import pytest
from playwright.async_api import expect

from e2e.site_button import READABLE, until_ready
from e2e.widget import DEBOUNCE, THROTTLE, open_still
from tests.accounts.handover.site import new_subject, signed
from tests.waiting import until

SCRIPT = "document.querySelector('script[src*=embed]').src"
# The reader is a visitor at first, and signs in on the page while a click waits.
SIGN_IN_LATE = """() => {
    window.asked = 0;
    UpvoteButton.token = () => {
        window.asked += 1;
        return window.asked === 1 ? null : new Promise((done) => { window.signIn = done; });
    };
}"""


async def test_the_click_of_a_visitor_is_not_cast_on_what_takes_its_place(embed, base):
    button, other = await embed(2, is_visitor=True)
    await button.page.evaluate(SIGN_IN_LATE)
    asked = partial(button.page.evaluate, "window.asked > 0")
    await button.wait_until(asked, "until the page has been asked who reads it")
    await button.click("up")
    await until(lambda: button.page.evaluate("Boolean(window.signIn)"), "until it is asked again")
    element = await button.form.element_handle()
    await element.evaluate("(element, key) => element.setAttribute('key', key)", other.key)
    await button.page.evaluate("(token) => window.signIn(token)", signed(aud=base, sub=new_subject()))
    await button.page.clock.run_for(2_000)
    assert await button.page.evaluate("window.sent") == []


async def test_a_vote_on_the_next_project_under_its_key_is_shown(embed):
    """The first one was deleted, and its versions were higher."""
    [button] = await embed()
    await button.click("up")
    await button.settle()
    await button.expect(vote=1, score=1)
    await button.click("up")
    await button.settle()
    await button.expect(vote=0, score=0, version=2)
    state = {
        "key": button.key, "project_id": 987_654_321, "vote_type": "up", "upvotes": 1, "downvotes": 0,
        "score": 1, "version": 1, "secret": False,
    }  # fmt: skip
    reply = {"tallies": [{**state, "closed": False}], "unknown": [], "voting": {"downvotes": True}}
    await button.page.route(
        "**/api/tallies*", lambda route: route.fulfill(headers=READABLE, body=json.dumps(reply))
    )
    await button.answer(lambda route: route.fulfill(headers=READABLE, body=json.dumps(state)))
    await button.click("up")
    shown = button.form.locator(".vote-box[data-version='1']").count
    await button.wait_until(shown, "for the state of the next project")
    await button.expect(vote=1, score=1)


@pytest.mark.parametrize("change", ["key", "token"])
async def test_a_wait_ends_with_another_key_or_reader(embed, base, change):
    """It was asked of the last reader, for the last thing."""
    button, other = await embed(2)
    headers = READABLE | {"Retry-After": "9"}
    body = '{"message": "Wait."}'
    await button.answer(lambda route: route.fulfill(status=429, headers=headers, body=body))
    await button.click("up")
    await button.wait(DEBOUNCE)
    await expect(button.message).to_have_text("You are voting too fast. Try again in 9 s.")
    await button.page.unroute_all()
    element = await button.form.element_handle()
    before = len(await button.sent())
    if change == "key":
        await element.evaluate("(element, key) => element.setAttribute('key', key)", other.key)
    else:
        token = signed(aud=base, sub=new_subject())
        await button.page.evaluate("(token) => { UpvoteButton.token = () => token; }", token)
    message = "(element) => element.shadowRoot.querySelector('[role=status]').textContent"
    assert await element.evaluate(message) == ""
    await button.wait_until(partial(element.evaluate, "(element) => !element.isStale"), "for the tally")
    await button.wait(THROTTLE)
    await element.evaluate("(element) => element.shadowRoot.querySelector('.vote-up').click()")
    assert await element.evaluate(message) == ""
    assert len(await button.settle()) == before + 1


async def test_a_browser_that_hides_the_times_of_loading_reads_the_tallies(embed):
    """The page adds the module only after it has been loaded."""
    [button] = await embed(is_visitor=True)
    page = button.page
    await page.add_init_script("performance.getEntriesByType = () => [];")
    module = "**/embed/upvote.js"
    await page.route(module, lambda route: route.abort())
    await open_still(page, page.url)
    await page.unroute(module)
    assert await page.evaluate("document.readyState") == "complete"
    await page.evaluate("(address) => import(address)", await page.evaluate(SCRIPT) + "?again")
    await until_ready(page)
    await button.expect_painted(vote=0, score=0)
