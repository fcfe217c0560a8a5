"""Check of links that are handed over: they need the board's public address."""

from asyncpg import Connection

from app.operations.doctor import queries
from app.operations.doctor.check import Check, fail, ok
from app.settings import Settings


async def check_links(db: Connection, settings: Settings) -> Check:
    """Check that BASE_URL is set where people have links, which the command line makes with it, or a
    webhook is told the address of the results.
    """
    if settings.base_url:
        return ok("links", f"they begin with {settings.base_url} (BASE_URL)")
    invitations, passwords, webhooks = await queries.select_open_links(db)
    if not invitations and not passwords:
        return _of_webhooks(webhooks, settings)
    problem = (
        f"BASE_URL is unset, and there are open links, {invitations} to join and {passwords} to set a "
        f"password: those made on the command line lead to {settings.address}"
    )
    advice = (
        "Set BASE_URL to the public address, restart upvote web and upvote worker, and share them anew"
    )
    return fail("links", problem, advice)


def _of_webhooks(webhooks: int, settings: Settings) -> Check:
    if not webhooks:
        return ok("links", "nobody has one")
    problem = (
        f"BASE_URL is unset, and {webhooks} webhooks wait for results.final, which says that the "
        f"results are at {settings.address}/api/results"
    )
    return fail("links", problem, "Set BASE_URL to the public address, and restart upvote worker")
