"""An <upvote-button> whose place, or whose key, has become that of something else."""

import json

from e2e.site_button import READABLE
from e2e.widget import STEP
from tests.accounts.handover.site import new_subject, signed
from tests.waiting import until

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

    async def asked() -> bool:
        await button.wait(STEP)
        return await button.page.evaluate("window.asked > 0")

    await until(asked, "until the page has been asked who reads it")
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

    async def shown() -> bool:
        await button.wait(STEP)
        return await button.form.locator(".vote-box").get_attribute("data-version") == "1"

    await until(shown, "for the state of the next project")
    await button.expect(vote=1, score=1)
