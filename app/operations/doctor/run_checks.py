"""Runs all checks, servers side by side, so that one that hangs does not delay the others."""

import asyncio
from collections.abc import Awaitable

from app.operations.doctor import postgresql, redis, settings
from app.operations.doctor.check import Check, fail
from app.operations.doctor.disk import check_disk
from app.operations.doctor.mail import check_mail_server
from app.operations.doctor.provider import check_provider
from app.services import open_services
from app.settings import Settings

# Every call to a server gives up after one or two seconds; this limit is for a call that has none.
TIMEOUT_SECONDS = 15.0


async def run_checks(chosen: Settings, *, ask_outside: bool = True) -> list[Check]:
    """Return the checks of settings, disk, mail, provider, Redis, worker and PostgreSQL, in this order.

    `ask_outside`: ask mail server and provider too. Raises nothing.
    """
    async with open_services(chosen, record_shards=False) as services:
        groups = await asyncio.gather(
            _run("redis", redis.check_redis(services)),
            _run("postgresql", postgresql.check_postgresql(chosen, services.redis)),
            _run("mail server", check_mail_server(chosen, connects=ask_outside)),
            _run("sign-in provider", check_provider(chosen, asks=ask_outside)),
        )
    disk = await asyncio.to_thread(check_disk, chosen)
    return [*settings.check_settings(chosen), disk, *groups[2], *groups[3], *groups[0], *groups[1]]


async def _run(name: str, checks: Awaitable[list[Check]]) -> list[Check]:
    """Return a server's checks, or a single failed one if they raise or take too long."""
    try:
        return await asyncio.wait_for(checks, TIMEOUT_SECONDS)
    except TimeoutError:
        problem = f"its checks took more than {TIMEOUT_SECONDS:.0f} s"
        return [fail(name, problem, "Look at the load of the server and of the network")]
    except Exception as error:  # an unexpected error must not hide the other server's checks
        problem = f"could not be checked ({str(error) or type(error).__name__})"
        return [fail(name, problem, "Look at its log, and at the permissions of the user in its URL")]
