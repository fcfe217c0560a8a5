"""Refusal of forms that a page of another account sent.

Two tabs share one session: when somebody else signs in in one of them, the other still shows a page of
the first account. So each form names the account that its page was rendered for. A form that names
none (a page of an earlier version, a script) is accepted, except for a vote from a browser in which
several accounts have signed in.
"""

import re

from quart import request
from werkzeug.exceptions import Conflict

from app.accounts.browser import has_several_accounts
from app.accounts.forms import is_username
from app.accounts.sessions import signed_in_user
from app.web.cross_site import SAFE_METHODS

FIELD = "account"
VOTE = re.compile(r"/projects/[0-9]+/vote")


class OtherAccount(Conflict):
    """The page belongs to another account than the session; nothing was done."""

    title = "You are signed in as somebody else"


async def refuse_other_account() -> None:
    """Answer 409 to a form of a page that was rendered for another account."""
    if request.method in SAFE_METHODS or request.path.startswith("/api/"):
        return
    user = signed_in_user()
    if user is None:  # each route says what visitors may do
        return
    stated = (await request.form).get(FIELD)
    if stated == user.username:
        return
    if stated is None and not (has_several_accounts() and VOTE.fullmatch(request.path)):
        return
    opened_by = stated if stated and is_username(stated) else "another account"
    raise OtherAccount(
        f"This page was opened by {opened_by}, but you are signed in as {user.username} now. "
        f"Nothing was done. Reload the page to continue as {user.username}."
    )
