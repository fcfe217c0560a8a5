"""Claim j of the vote button: leaving the page loses no vote."""

import pytest

from e2e.widget import DEBOUNCE
from tests.waiting import until


@pytest.mark.parametrize("moment", ["debounce", "throttle", "flight"])
async def test_j_leaving_the_page_loses_no_vote(still, functions, moment):
    last = 1
    await still.click("up")
    if moment != "debounce":
        await still.wait(DEBOUNCE)
        assert len(await still.sent()) == 1
    if moment == "throttle":
        await still.expect(vote=1, score=1)
        await still.click("down")
        await still.wait(DEBOUNCE)
        assert len(await still.sent()) == 1
        last = -1
    await still.page.goto("/register")

    async def arrived() -> bool:
        state = (await functions.read([still.project_id])).get(still.project_id)
        return state is not None and state.tally.score == last

    await until(arrived, "for what was wanted last")


async def test_j_a_hidden_page_sends_at_once(still):
    clicked = await still.click("up")
    await still.hide()
    [request] = await still.settle()
    assert request["at"] == clicked  # no time has passed
    await still.expect(vote=1, score=1, version=1)
