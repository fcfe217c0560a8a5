"""The button works with other values of DEBOUNCE_DELAY and MIN_VOTE_INTERVAL."""

from itertools import pairwise

import pytest

from e2e.widget import Widget, until_at_rest
from tests.conftest import NO_LIMITS
from tests.processes import running_web

NAMES = ("down", "down", "up", "down")
ONE_ONLY = [pytest.param(*rules, marks=pytest.mark.long) for rules in ((0, 500), (200, 0))]


@pytest.mark.parametrize(("debounce", "interval"), [(0, 0), *ONE_ONLY])
async def test_without_a_delay_the_button_works(new_context, board, settings, debounce, interval):
    rules = {"debounce_delay": debounce, "min_vote_interval": interval}
    user, project_id = await board.user(), await board.project()
    async with running_web(settings, **NO_LIMITS, **rules) as port:
        page = await (await new_context(user, base_url=f"http://127.0.0.1:{port}")).new_page()
        await page.goto(f"/projects/{project_id}")
        widget = Widget(page, project_id)
        await widget.click("up")
        await widget.expect(vote=1, score=1, version=1)
        [first] = await widget.sent()
        assert first["value"] == 1
        bursts = [NAMES] if debounce else [[name] for name in NAMES]
        clicked = [await widget.click(*names) for names in bursts]
        await widget.expect(vote=-1, score=-1)
        await until_at_rest(page)
        await widget.expect(vote=-1, score=-1)
        sent = await widget.sent()
    assert sent[-1]["value"] == -1
    # The timers of the browser may be late, but never early.
    assert all(later["at"] - earlier["at"] >= interval - 1 for earlier, later in pairwise(sent))
    if debounce:
        assert len(sent) == 2
        assert sent[1]["at"] - clicked[0] >= debounce - 1
