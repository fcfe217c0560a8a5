"""The button with real faults: limits, ended sessions, killed servers and random faults."""

import os
import random
import re
import signal
from functools import partial
from itertools import pairwise

from playwright.async_api import expect

from app.voting.votes import Vote
from e2e.random_faults import answer_with_faults
from e2e.widget import DEBOUNCE, THROTTLE, Widget, open_still, settle, until_listed
from tests.conftest import NO_LIMITS
from tests.ports import free_port
from tests.processes import running, running_web, until_alive
from tests.waiting import until

HOUR = 3600  # s


async def test_the_sixth_vote_is_refused_and_the_confirmed_state_comes_back(
    new_context, board, settings
):
    project_id, user = await board.project(), await board.user()
    # A window that is long enough for six clicks on any machine.
    async with running_web(settings, rate_limit_window=HOUR) as port:
        page = await (await new_context(user, base_url=f"http://127.0.0.1:{port}")).new_page()
        await open_still(page, f"/projects/{project_id}")
        widget = Widget(page, project_id)
        for n in range(5):
            await widget.click("up")
            await widget.settle()
            await widget.expect(vote=(n + 1) % 2, score=(n + 1) % 2)
        await widget.click("down")
        await widget.wait(DEBOUNCE)
        refusal = re.compile(r"^You are voting too fast\. Try again in [1-9]\d* s\.$")
        await expect(widget.message).to_have_text(refusal)
        await widget.expect(vote=1, score=1, version=5)
        await widget.click("down")
        assert len(await widget.settle()) == 6


async def test_an_ended_session_leads_to_sign_in_and_back_to_the_project(widget, base):
    await widget.page.context.clear_cookies()
    cookie = {"name": "upvote_session", "value": "no-longer-valid", "url": base}
    await widget.page.context.add_cookies([cookie])
    await widget.click("up")
    await widget.page.wait_for_url("**/login?next=*")
    await expect(widget.page.get_by_text("Your session has ended")).to_be_visible()
    hidden = widget.page.locator("input[name=next]")
    await expect(hidden).to_have_value(f"/projects/{widget.project_id}")


async def test_open_pages_are_updated_after_the_server_was_killed(
    new_context, board, settings, batcher
):
    project_id, users = await board.project(), await board.users(2)
    port = free_port()
    changes = {"port": port, **NO_LIMITS}
    async with running("web", settings, **changes) as first:
        await until_alive(port)
        page = await (await new_context(users[0], base_url=f"http://127.0.0.1:{port}")).new_page()
        await page.goto(f"/projects/{project_id}")
        widget = Widget(page, project_id)
        await widget.vote_until_saved("up")
        await widget.expect(vote=1, score=1)
        async with page.expect_event("requestfailed", lambda request: "/live" in request.url):
            os.kill(first, signal.SIGKILL)
        await batcher.cast(Vote(project_id, users[1].id, 1))
    async with running("web", settings, **changes):
        await until_alive(port)
        await widget.expect(vote=1, score=2, version=2)
        await widget.vote_until_saved("down")
        await widget.expect(vote=-1, score=0, version=3)


async def shows_stored_state(widget: Widget, functions) -> bool:
    """Return whether the screen shows the stored state. With one voter the score is the vote."""
    state = (await functions.read([widget.project_id])).get(widget.project_id)
    score = state.tally.score if state else 0
    return await widget.painted() == [score, score]


async def test_two_hundred_random_clicks_with_faults_end_in_the_stored_state(page, board, functions):
    seed = random.randrange(10**6)
    print("seed", seed)
    random.seed(seed)
    projects = [await board.project() for _ in range(5)]
    await until_listed(page, *projects)
    await open_still(page, "/?sort=new")
    widgets = [Widget(page, project_id) for project_id in projects]
    for widget in widgets:
        await widget.answer(answer_with_faults)
    for _ in range(200):
        await random.choice(widgets).click(random.choice(("up", "down")))
        await page.clock.run_for(round(1000 * random.expovariate(12)))
    await page.unroute_all(behavior="wait")
    await settle(page)
    for widget in widgets:
        await until(
            partial(shows_stored_state, widget, functions), f"for the stored state, seed {seed}"
        )
    sent: dict[str, list[float]] = {}
    for request in await page.evaluate("window.sent"):
        sent.setdefault(request["address"], []).append(request["at"])
    gaps = [later - earlier for times in sent.values() for earlier, later in pairwise(times)]
    assert min(gaps) >= THROTTLE
