"""/handover: a link of the other site, whose token signs in to the pages, once.

The token is in the address, so no answer is stored, and no page names its address to others. Somebody
could send people a link with a token of their own. A reader who is signed in as another account must
confirm first, and the next page names the account.
"""

import hashlib

from asyncpg import Connection
from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.confirmation import NO_SESSION, confirm
from app.accounts.guard import known_user
from app.accounts.handover import queries
from app.accounts.handover.claims import Claims
from app.accounts.handover.errors import TokenRefused
from app.accounts.handover.site_account import check_usable, moment
from app.accounts.handover.state import require_handover
from app.accounts.queries import Account
from app.accounts.revocation import session_ms
from app.accounts.sessions import sign_in
from app.accounts.suspended import suspended_page
from app.services import services
from app.web.formatting import isolated
from app.web.headers import keep_address_secret
from app.web.redirects import local_path
from app.web.strangers import open_to_strangers

blueprint = Blueprint("handover", __name__)
blueprint.after_request(keep_address_secret)

NO_JTI = "The token has no jti, which lets it sign in once."
USED = "The token has signed in before: each jti does so once."


@blueprint.get("/handover")
@open_to_strangers
async def enter() -> ResponseReturnValue:
    """Sign in and go on to `next`; ask first if somebody else is signed in."""
    require_handover()
    if _only_looks():
        abort(403, "Open this link in a window of its own. It was not used.")
    return await _enter(request.args.get("token", ""), request.args.get("next"), asks=True)


@blueprint.post("/handover")
@open_to_strangers
async def enter_after_asking() -> ResponseReturnValue:
    """Sign in somebody who was asked; other sites cannot send the form."""
    form = await request.form
    return await _enter(form.get("token", ""), form.get("next"), asks=False)


def _only_looks() -> bool:
    """Return whether this is a prefetch, a subresource or HEAD; such a request must not use up the
    token.
    """
    ahead = "prefetch" in request.headers.get("Sec-Purpose", "")
    within = request.headers.get("Sec-Fetch-Dest", "document") != "document"
    return ahead or within or request.method == "HEAD"


async def _enter(token: str, target: str | None, *, asks: bool) -> ResponseReturnValue:
    found, back_to = require_handover(), local_path(target)
    try:
        claims = found.read(token)
        digest = _digest(claims)
        if await queries.select_is_used(services().db, digest):
            raise TokenRefused(USED, "used")
        account = (await found.accounts.find(claims)).account
        if asks and _somebody_else(account):
            page = {"account": account, "token": token, "next": back_to}
            return await render_template("handover/ask.html", **page)
        return await _sign_in(claims, digest, back_to)
    except TokenRefused as refused:
        if refused.account is not None:
            return await _suspended(claims, digest, refused.account)
        return await _refused(refused)


def _digest(claims: Claims) -> bytes:
    """Return what is stored of a token that has signed in. Raises TokenRefused."""
    if claims.jti is None:
        raise TokenRefused(NO_JTI)
    return hashlib.sha256(claims.jti.encode()).digest()


def _somebody_else(account: Account) -> bool:
    user = known_user()
    return user is not None and user.id != account.id


async def _sign_in(claims: Claims, digest: bytes, back_to: str) -> ResponseReturnValue:
    """Use the token up and begin a session. Raises TokenRefused."""
    async with services().db.acquire() as db, db.transaction():
        await _use_up(db, claims, digest)
        user = await queries.select_site_user(db, claims.subject)
        check_usable(user, claims)
    assert user is not None
    account, began = user.account, session_ms(user.asked_at)
    sign_in(account, began)
    if account.password_hash is None:  # the site has just vouched for its owner, who has nothing else
        confirm(account.id, began)
    await flash(f"You are signed in as {isolated(account.display_name or account.username)}.")
    return redirect(back_to, 303)


async def _suspended(claims: Claims, digest: bytes, account: Account) -> ResponseReturnValue:
    """Use the token up and show the page of a suspended account, whose owner it has identified."""
    try:
        async with services().db.acquire() as db, db.transaction():
            await _use_up(db, claims, digest)
    except TokenRefused as refused:
        return await _refused(refused)
    confirm(account.id, NO_SESSION)  # so that its data can be exported without a password
    return await suspended_page(account, confirmed=True), 403


async def _use_up(db: Connection, claims: Claims, digest: bytes) -> None:
    """Note that the token has signed in. Raises TokenRefused if it had before."""
    if not await queries.insert_used(db, digest, moment(int(1000 * claims.until))):
        raise TokenRefused(USED, "used")


async def _refused(refused: TokenRefused) -> ResponseReturnValue:
    """Return the page that says why nobody was signed in, and what to do."""
    page = await render_template("handover/refused.html", kind=refused.kind, reason=refused.reason)
    return page, 401, {"WWW-Authenticate": refused.challenge.to_header()}
