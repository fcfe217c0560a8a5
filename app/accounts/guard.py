"""What a visitor gets who must sign in first."""

from urllib.parse import urlencode

from quart import Response, abort, g, redirect, request
from quart.typing import ResponseReturnValue

from app.accounts import queries
from app.accounts.sessions import COOKIE, User, signed_in_user
from app.accounts.state import accounts
from app.services import services
from app.storage.connections import DATABASE_AWAY


def sign_in_first(back_to: str) -> ResponseReturnValue:
    """Send the visitor to sign in and then back to `back_to`, a path of this site.

    A browser gets 303; HTMX gets 401 with HX-Redirect, since it would swap a redirect's page in.
    """
    query = {"next": back_to}
    if COOKIE in request.cookies:  # there was a session, and it has ended
        query["expired"] = "1"
    login = "/login?" + urlencode(query)
    if request.headers.get("HX-Request") == "true":
        return Response("", 401, {"HX-Redirect": login})
    return redirect(login, 303)


def require_user(back_to: str) -> User:
    """Who is signed in; a visitor is sent to sign in, and then to `back_to`."""
    user = signed_in_user()
    if user is None:
        abort(sign_in_first(back_to))  # type: ignore[arg-type]
    return user


async def require_admin(*, or_was: bool = False) -> User:
    """The admin who is signed in, by PostgreSQL: one who is no admin any more is out at once.

    Anyone else gets 403, and a visitor is sent to sign in. `or_was`: while PostgreSQL is away, who was
    an admin when it was there will do, which is for pages that change nothing.
    """
    user = require_user(request.full_path.rstrip("?") if request.method == "GET" else "/")
    if not await _is_admin(user.id, or_was):
        abort(403, "This is for the admins of this board.")
    return user


async def _is_admin(user_id: int, or_was: bool) -> bool:
    try:
        return await queries.select_is_admin(services().db, user_id)
    except DATABASE_AWAY:
        if not or_was or user_id not in accounts().admin_ids:
            raise
        g.database_away = True  # the page need not wait for PostgreSQL a second time
        return True
