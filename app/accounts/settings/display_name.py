"""Choose the display name, or take it away."""

from quart import Blueprint, abort, flash, redirect, request
from quart.typing import ResponseReturnValue

from app.accounts.drafts.form_drafts import form_done
from app.accounts.guard import require_user
from app.accounts.handover.queries import select_came_since
from app.accounts.look_alikes import load_look_alikes
from app.accounts.names import NameTaken, display_name_error, set_display_name
from app.accounts.refusals import DISPLAY_NAME_TAKEN
from app.accounts.settings.routes import render_settings
from app.services import board, services
from app.texts import clean_line

blueprint = Blueprint("display_name", __name__)

PAGE = "/me/settings"
FOLLOWS = "Your name follows that of the site that you came from. Change it there."


@blueprint.post("/me/settings/name")
async def change_display_name() -> ResponseReturnValue:
    user = require_user(PAGE)
    if await select_came_since(services().db, user.id) is not None:
        abort(403, FOLLOWS)
    typed = (await request.form).get("display_name", "")
    name = clean_line(typed)
    error = "That name cannot be seen." if typed.strip() and not name else None
    if name:
        await load_look_alikes()
        error = display_name_error(name, board().settings.name)
    if error is None:
        error = await _set(user.id, name or None)
    if error:
        return await render_settings(user, {"display_name": typed}, {"display_name": error}), 422
    await form_done(user.id, PAGE)
    await flash("Your name is changed." if name else "You are shown by your username now.")
    return redirect(PAGE, 303)


async def _set(user_id: int, name: str | None) -> str | None:
    """Set the name; return why that is refused, or None."""
    secret_key = services().settings.require_secret_key()
    try:
        async with services().db.acquire() as db, db.transaction():
            await set_display_name(db, secret_key, user_id, name)
    except NameTaken:
        return DISPLAY_NAME_TAKEN
    return None
