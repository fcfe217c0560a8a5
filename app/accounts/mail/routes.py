"""/mail/<secret>: the page of a link that confirms a mail address."""

from asyncpg import UniqueViolationError
from quart import Blueprint, render_template
from quart.typing import ResponseReturnValue

from app.accounts.links import digest_of, is_secret
from app.accounts.mail import queries
from app.accounts.mail.queries import MailAddress
from app.services import services
from app.web.headers import keep_address_secret
from app.web.strangers import open_to_strangers

blueprint = Blueprint("mail", __name__)
blueprint.after_request(keep_address_secret)

TAKEN = "Another account on this board has this mail address. Remove it there first."


@blueprint.get("/mail/<secret>")
@open_to_strangers
async def confirm_page(secret: str) -> ResponseReturnValue:
    """Show what the link confirms; reading it confirms nothing."""
    found = await _find(secret)
    if found is None:
        return await _no_link()
    return await render_template("mail/confirm.html", found=found, error=None)


@blueprint.post("/mail/<secret>")
@open_to_strangers
async def confirm(secret: str) -> ResponseReturnValue:
    found = await _find(secret)
    if found is None:
        return await _no_link()
    try:
        async with services().db.acquire() as db, db.transaction():
            confirmed = await queries.update_confirmed(db, digest_of(secret))
    except UniqueViolationError:
        return await render_template("mail/confirm.html", found=found, error=TAKEN), 409
    if not confirmed:
        return await _no_link()
    return await render_template("mail/confirmed.html", found=found)


async def _find(secret: str) -> MailAddress | None:
    """Return the account whose address the link confirms, or None if the link is not valid."""
    return await queries.select_pending(services().db, digest_of(secret)) if is_secret(secret) else None


async def _no_link() -> ResponseReturnValue:
    return await render_template("mail/gone.html"), 404
