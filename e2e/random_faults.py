"""Random faults between the button and the server."""

import asyncio
import random

from playwright.async_api import Route


async def answer_with_faults(route: Route) -> None:
    """Make three answers in ten late, lost or an error."""
    dice = random.random()
    if dice > 0.3:
        await route.continue_()
    elif dice > 0.24:
        await answer_late(route, random.uniform(0.1, 0.8))
    elif dice > 0.18:
        await route.abort()
    elif dice > 0.12:
        await route.fulfill(status=500, body="no")
    elif dice > 0.06:
        await route.fulfill(status=503, headers={"Retry-After": "1"}, body="")
    else:
        await route.fetch()  # it is counted, but the answer is lost
        await route.abort()


async def answer_late(route: Route, seconds: float) -> None:
    """Pass the server's answer on after that many seconds, so that answers also arrive out of order."""
    response = await route.fetch()
    await asyncio.sleep(seconds)
    await route.fulfill(response=response)
