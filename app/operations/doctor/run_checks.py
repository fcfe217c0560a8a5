"""All checks, side by side, so that a server that hangs holds up nothing but its own."""

import asyncio
from collections.abc import Awaitable

from app.operations.doctor import postgresql, redis, settings
from app.operations.doctor.check import Check, fail
from app.services import open_services
from app.settings import Settings

# Every call to a server gives up after one or two seconds; this is for what nobody thought of.
PATIENCE_SECONDS = 15.0


async def run_checks(chosen: Settings) -> list[Check]:
    """The checks of settings, Redis, PostgreSQL and worker, in this order. Raises nothing."""
    async with open_services(chosen, notes_shards=False) as services:
        groups = await asyncio.gather(
            _in_time("redis", redis.check_redis(services)),
            _in_time("postgresql", postgresql.check_postgresql(chosen)),
        )
    return [*settings.check_settings(chosen), *groups[0], *groups[1]]


async def _in_time(name: str, checks: Awaitable[list[Check]]) -> list[Check]:
    try:
        return await asyncio.wait_for(checks, PATIENCE_SECONDS)
    except TimeoutError:
        wrong = f"its checks took more than {PATIENCE_SECONDS:.0f} s"
        return [fail(name, wrong, "Look at the load of the server and of the network")]
    except Exception as error:  # the other lines are worth having all the same
        wrong = f"cannot be examined ({str(error) or type(error).__name__})"
        return [fail(name, wrong, "Look at its log, and at the rights of the user in its URL")]
