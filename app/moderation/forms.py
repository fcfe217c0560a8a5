"""What the forms and lists of the admins' pages have in common: actions with a reason, and pages."""

from collections.abc import Collection

from quart import abort, request

from app.texts import clean_line
from app.web.ids import MAX_ID

PAGE = 50
LONGEST_REASON = 500


async def read_action(possible: Collection[str]) -> tuple[str, str]:
    """Return the action and the reason; answer 422 if either is missing or wrong."""
    action = (await request.form).get("action", "")
    if action not in possible:
        abort(422, f"There is no such action. Use one of: {', '.join(possible)}.")
    return action, await read_reason()


async def read_reason() -> str:
    """Return the reason; answer 422 if it is missing or too long."""
    reason = clean_line((await request.form).get("reason", ""))
    if not reason:
        abort(422, f"Give a reason of at most {LONGEST_REASON} characters for the moderation log.")
    if len(reason) > LONGEST_REASON:
        abort(422, f"Use at most {LONGEST_REASON} characters for the reason. It has {len(reason)} now.")
    return reason


def before() -> int | None:
    """Return the id that the ids of this page are below, or None for the first page."""
    found = request.args.get("before", type=int)
    return found if found is not None and 0 < found <= MAX_ID else None


def next_url(found: list) -> str | None:  # type: ignore[type-arg]
    """Return the address of the page after these rows, of which there is one more than PAGE if any."""
    return f"{request.path}?before={found[PAGE - 1].id}" if len(found) > PAGE else None
