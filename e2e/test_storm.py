"""Two devices of one user in a storm: whatever happened, both show in the end what is true."""

import asyncio
import random
from functools import partial

import pytest

from app.voting.votes import Vote
from e2e.test_faults import fault
from e2e.widget import Widget, until_at_rest
from tests.waiting import until

STEPS = 90
LEFT_AND_BACK = """for (const name of ['pagehide', 'pageshow']) {
    dispatchEvent(new PageTransitionEvent(name, {persisted: true}));
}"""


class Device:
    """A browser of the user's own, on a page with a few projects."""

    def __init__(self, page, projects: list[int]) -> None:
        self.page = page
        self.widgets = [Widget(page, project_id) for project_id in projects]
        self.hidden = False

    async def click(self) -> None:
        await random.choice(self.widgets).click(random.choice(("up", "down")))

    async def turn_away_or_back(self) -> None:
        self.hidden = not self.hidden
        await self.widgets[0].hide(hidden=self.hidden)

    async def leave_and_return(self) -> None:
        await self.page.evaluate(LEFT_AND_BACK)

    async def lose_the_network(self) -> None:
        await self.page.context.set_offline(True)
        await asyncio.sleep(random.random())
        await self.page.context.set_offline(False)

    async def calm(self) -> None:
        """No faults any more, and somebody looks."""
        await self.page.unroute_all(behavior="wait")
        if self.hidden:
            await self.turn_away_or_back()


@pytest.mark.long
@pytest.mark.parametrize("_time", range(3))
async def test_two_devices_in_a_storm_end_in_the_truth(new_context, board, functions, batcher, _time):
    seed = random.randrange(10**6)
    print("seed", seed)
    random.seed(seed)
    user, *others = await board.users(7)
    projects = [await board.project() for _ in range(3)]
    devices = []
    for _ in range(2):
        page = await (await new_context(user)).new_page()
        await page.goto("/?sort=new")
        await page.route("**/vote", fault)
        devices.append(Device(page, projects))
    for _ in range(STEPS):
        device = random.choice(devices)
        happenings = (device.turn_away_or_back, device.leave_and_return, device.lose_the_network)
        if random.random() < 0.75:
            await device.click()
        elif random.random() < 0.4:
            value = random.choice((1, 0, -1))
            await batcher.cast(Vote(random.choice(projects), random.choice(others).id, value))
        else:
            await random.choice(happenings)()
        await asyncio.sleep(random.expovariate(10))
    for device in devices:
        await device.calm()
    for device in devices:
        await until_at_rest(device.page)
    for widget in [widget for device in devices for widget in device.widgets]:
        await until(partial(is_in_truth, widget, functions, user), f"for the truth, seed {seed}")


async def is_in_truth(widget: Widget, functions, user) -> bool:
    """Whether what stands is on the screen, and known there to be the server's word."""
    standing = (await functions.read([widget.project_id], user.id)).get(widget.project_id)
    vote, score, version = 0, 0, 0
    if standing:
        vote, score, version = standing.value, standing.tally.score, standing.tally.version
    word = "({dataset}) => [dataset.vote, dataset.version].map(Number)"
    known = await widget.form.locator(".vote-box").evaluate(word)
    return (await widget.painted(), known) == ([vote, score], [vote, version])
