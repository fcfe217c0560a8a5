"""Checks of Redis and PostgreSQL together: which Redis is in use, and what one of them lacked."""

from collections.abc import Awaitable, Callable

from asyncpg import Connection

from app.operations.doctor import queries
from app.operations.doctor.check import Check, fail, ok
from app.voting.servers.queries import select_used_servers


async def _servers(db: Connection) -> Check:
    used = await select_used_servers(db)
    if not used:
        return ok("redis in use", "one server")
    named = "; ".join(
        f"{server.address} {'accepts' if server.votes else 'refuses'} votes ({server.processes})"
        for server in used
    )
    advice = (
        "Give every web and worker the same REDIS_URL, and restart those that use another server; "
        "docs/runbooks.md, section redis in use"
    )
    return fail("redis in use", f"two Redis servers are in use: {named}", advice)


async def _set_aside(db: Connection) -> Check:
    ours, foreign = await queries.count_set_aside(db)
    if foreign:
        advice = (
            "If they belong to this board, run upvote recover --foreign, else upvote recover --dismiss"
        )
        return fail("events set aside", f"{foreign} of a Redis that this board does not know", advice)
    if ours:
        advice = "The worker takes them in within a second: look at the check persist_events"
        return fail("events set aside", f"{ours} wait to be taken in", advice)
    return ok("events set aside", "none")


async def _last_loss(db: Connection) -> Check:
    """Show the last time that one server lacked something. Never fails: it is over."""
    last = await queries.select_last_recovery(db)
    if last is None:
        return ok("last recovery", "none within a day")
    reason, at, is_complete = last
    missing = "nothing is missing" if is_complete else "upvote verify says what may be missing"
    return ok("last recovery", f"{reason} at {at:%Y-%m-%d %H:%M:%S} UTC; {missing}")


CHECKS: dict[str, Callable[[Connection], Awaitable[Check]]] = {
    "redis in use": _servers,
    "events set aside": _set_aside,
    "last recovery": _last_loss,
}
