"""Guards of pages that need a signed-in user or an admin."""

from typing import cast
from urllib.parse import urlencode

from quart import Response, abort, g, redirect, request
from quart.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge, ServiceUnavailable

from app.accounts import queries
from app.accounts.drafts.form_drafts import keep_draft
from app.accounts.queries import Account
from app.accounts.sessions import COOKIE, is_undecided, signed_in_user
from app.accounts.state import accounts
from app.accounts.user import User
from app.errors import RETRY_SECONDS
from app.services import services
from app.storage.away import DATABASE_AWAY
from app.web.body_limits import LimitedRequest
from app.web.errors import answer_error

UNDECIDED = "The board has just started and cannot check sessions yet. Nothing was changed; try again."


class SignInFirst(Exception):
    """A visitor asks for what needs an account; `back_to` is where to go after signing in."""

    def __init__(self, back_to: str) -> None:
        super().__init__("sign in first")
        self.back_to = back_to


async def send_to_sign_in(error: SignInFirst) -> ResponseReturnValue:
    """Return the response that sends a visitor to sign in and then back to a path of this site.

    A browser gets 303. HTMX gets 401 with HX-Redirect, since it would follow a redirect and swap that
    page in. What was typed is kept, and shown again on the page that the visitor comes back to.
    """
    if cast(LimitedRequest, request).is_large_form:
        return await answer_error(RequestEntityTooLarge())  # too large to be kept: it is given back
    query = {"next": error.back_to}
    if COOKIE in request.cookies:  # there was a session, and it has ended
        query["expired"] = "1"
    if await keep_draft(error.back_to):
        query["kept"] = "1"
    login = "/login?" + urlencode(query)
    if request.headers.get("HX-Request") == "true":
        return Response("", 401, {"HX-Redirect": login})
    return redirect(login, 303)


def known_user() -> User | None:
    """Return the signed-in user, or None for a visitor.

    Answer 503 if there is a session, but this process does not know yet which sessions were ended.
    """
    if is_undecided():
        raise ServiceUnavailable(UNDECIDED, retry_after=RETRY_SECONDS)
    return signed_in_user()


def require_user(back_to: str) -> User:
    """Return the signed-in user; send a visitor to sign in and then to `back_to`."""
    user = known_user()
    if user is None:
        raise SignInFirst(back_to)
    return user


async def require_account(back_to: str) -> Account:
    """As require_user(), but return the account from PostgreSQL, which may have been deleted."""
    account = await queries.select_account(services().db, require_user(back_to).id)
    if account is None:
        raise SignInFirst(back_to)
    return account


async def require_admin(back_to: str = "/", *, accept_last_known: bool = False) -> User:
    """Return the signed-in admin. PostgreSQL is asked, so a removed admin loses access at once.

    Other users get 403, and visitors are sent to sign in. With `accept_last_known`, for pages that
    change nothing, an account that was an admin when PostgreSQL last answered is accepted while it is
    away. `back_to` is the page of a form.
    """
    user = require_user(request.full_path.rstrip("?") if request.method == "GET" else back_to)
    if not await _is_admin(user.id, accept_last_known):
        abort(403, "Only admins of this board can open this page.")
    return user


async def _is_admin(user_id: int, accept_last_known: bool) -> bool:
    try:
        return await queries.select_is_admin(services().db, user_id)
    except DATABASE_AWAY:
        if not accept_last_known or user_id not in accounts().admin_ids:
            raise
        g.database_away = True  # the page need not wait for PostgreSQL a second time
        return True
