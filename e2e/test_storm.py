"""Two devices of one user under random faults both show the stored state in the end."""

import asyncio
import random
from functools import partial

import pytest

from app.voting.votes import Vote
from e2e.random_faults import answer_with_faults
from e2e.widget import Widget, until_at_rest, until_listed
from tests.waiting import until

STEPS = 90
LEFT_AND_BACK = """for (const name of ['pagehide', 'pageshow']) {
    dispatchEvent(new PageTransitionEvent(name, {persisted: true}));
}"""


class Device:
    """A browser of the user on a page with a few projects."""

    def __init__(self, page, projects: list[int]) -> None:
        self.page = page
        self.widgets = [Widget(page, project_id) for project_id in projects]
        self.hidden = False

    async def click(self) -> None:
        await random.choice(self.widgets).click(random.choice(("up", "down")))

    async def hide_or_show(self) -> None:
        self.hidden = not self.hidden
        await self.widgets[0].hide(hidden=self.hidden)

    async def leave_and_return(self) -> None:
        await self.page.evaluate(LEFT_AND_BACK)

    async def lose_the_network(self) -> None:
        await self.page.context.set_offline(True)
        await asyncio.sleep(random.random())
        await self.page.context.set_offline(False)

    async def end_faults(self) -> None:
        """End all faults and show the page."""
        await self.page.unroute_all(behavior="wait")
        if self.hidden:
            await self.hide_or_show()


@pytest.mark.long
@pytest.mark.parametrize("_time", range(3))
async def test_two_devices_under_random_faults_end_in_the_stored_state(
    new_context, board, functions, batcher, _time
):
    seed = random.randrange(10**6)
    print("seed", seed)
    random.seed(seed)
    user, *others = await board.users(7)
    projects = [await board.project() for _ in range(3)]
    devices = []
    for _ in range(2):
        page = await (await new_context(user)).new_page()
        await until_listed(page, *projects)
        await page.goto("/?sort=new")
        await page.route("**/vote", answer_with_faults)
        devices.append(Device(page, projects))
    for _ in range(STEPS):
        device = random.choice(devices)
        actions = (device.hide_or_show, device.leave_and_return, device.lose_the_network)
        if random.random() < 0.75:
            await device.click()
        elif random.random() < 0.4:
            value = random.choice((1, 0, -1))
            await batcher.cast(Vote(random.choice(projects), random.choice(others).id, value))
        else:
            await random.choice(actions)()
        await asyncio.sleep(random.expovariate(10))
    for device in devices:
        await device.end_faults()
    for device in devices:
        await until_at_rest(device.page)
    for widget in [widget for device in devices for widget in device.widgets]:
        await until(
            partial(shows_stored_state, widget, functions, user), f"for the stored state, seed {seed}"
        )


async def shows_stored_state(widget: Widget, functions, user) -> bool:
    """Return whether the screen shows the stored state and the page knows that it is confirmed."""
    state = (await functions.read([widget.project_id], user.id)).get(widget.project_id)
    vote, score, version = 0, 0, 0
    if state:
        vote, score, version = state.value, state.tally.score, state.tally.version
    word = "({dataset}) => [dataset.vote, dataset.version].map(Number)"
    known = await widget.form.locator(".vote-box").evaluate(word)
    return (await widget.painted(), known) == ([vote, score], [vote, version])
