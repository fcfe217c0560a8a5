"""Links to set a new password that admins make for others; each is in the moderation log."""

from asyncpg import Pool
from quart import Blueprint, abort, render_template
from quart.typing import ResponseReturnValue

from app.accounts.drafts.form_drafts import form_done
from app.accounts.forms import is_username
from app.accounts.guard import require_admin
from app.accounts.links.password_links import PATH, make_link
from app.accounts.queries import select_user
from app.moderation.forms import read_reason
from app.moderation.queries import insert_user_action
from app.services import services
from app.web.headers import never_store
from app.web.public_address import public_address

blueprint = Blueprint("admin_links", __name__)
blueprint.after_request(never_store)


async def make_logged_link(db: Pool, admin_id: int | None, user_id: int, reason: str) -> str | None:
    """Return the path of a new link, which is in the moderation log without its secret.

    `admin_id` None: on the command line. Return None if the account is suspended or gone.
    """
    async with db.acquire() as connection, connection.transaction():
        secret = await make_link(connection, user_id)
        if secret is None:
            return None
        await insert_user_action(connection, admin_id, "link", user_id, reason)
    return PATH + secret


@blueprint.post("/admin/people/<username>/link")
async def make_password_link(username: str) -> ResponseReturnValue:
    """Make a link and show it. Only this response has it."""
    admin = await require_admin(f"/admin/people/{username}")
    account = await select_user(services().db, username) if is_username(username) else None
    if account is None:
        abort(404, "There is no user with this name.")
    if account.id == admin.id:
        abort(422, "Change your own password on your settings page.")
    path = await make_logged_link(services().db, admin.id, account.id, await read_reason())
    if path is None:
        abort(422, f"{username} is suspended. End the suspension first.")
    await form_done(admin.id, f"/admin/people/{username}")
    link = public_address() + path
    return await render_template("moderation/link.html", account=account, link=link)
