"""The check of webhooks: whether what they wait for reaches them."""

from asyncpg import Connection

from app.operations.doctor.check import Check, fail, ok
from app.webhooks.manage.state import read_states

NAME = "webhooks"
ADVICE = (
    "Look at the log of its receiver; upvote webhook list shows all, and upvote webhook remove ends one"
)


async def check_webhooks(db: Connection) -> Check:
    """Check that no webhook is disabled, fails for minutes, or has lost an event within a day."""
    found = await read_states(db)
    if wrong := [each for each in found if each.is_wrong]:
        others = f"; and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        return fail(NAME, f"webhook {wrong[0].name}: {wrong[0].words}{others}", ADVICE)
    waiting = sum(each.waiting for each in found)
    return ok(NAME, f"{len(found)}, {waiting:,} events wait" if found else "none")
