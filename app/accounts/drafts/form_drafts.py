"""Keeps, shows and forgets the drafts of forms that were sent without a session.

The account is known from the cookie of the ended session, or from the one that remembers the last
account of this browser; both are signed, so nobody can write into another account's forms. Nothing is
sent by itself: the form is shown filled, and its author presses the button again.
"""

import json

from quart import flash, request

from app.accounts.browser import last_account
from app.accounts.drafts import queries
from app.accounts.page_owner import FIELD
from app.accounts.sessions import session_id
from app.services import services
from app.web.redirects import local_path
from app.web.typed_text import form_origin, typed_text

MAX_DRAFTS = 5  # of one account
LONGEST_PAGE = 200
# Beside what was typed: the form's address and its button. A page may have several forms.
SENT_TO, SENT_BY = "sent_to", "sent_by"


async def keep_draft(back_to: str) -> bool:
    """Store what was typed into the form of a request without a session; return whether it is kept.

    It is shown at `back_to`, whatever the query.
    """
    page = back_to.partition("?")[0]
    typed = await _typed()
    user_id = session_id() or last_account()
    # A path that is no address on this site is that of no form, and may have a NUL.
    if not typed or user_id is None or len(page) > LONGEST_PAGE or local_path(page) != page:
        return False
    form = await request.form
    stated = form.get(FIELD, "").replace("\0", "") or None
    sent = {SENT_TO: request.path, SENT_BY: form.get("action", "")}
    fields = json.dumps(typed | await form_origin() | sent)
    return await queries.insert_draft(services().db, user_id, stated, page, fields, MAX_DRAFTS)


async def _typed() -> dict[str, str]:
    """Return what a person typed: no `username`, which forms fill in, except that of an invitation."""
    typed = await typed_text()
    if typed and (await request.form).get("action") != "invite":
        typed.pop("username", None)
    return typed


async def read_draft(user_id: int, page: str) -> dict[str, str]:
    """Return what the user wrote on this page before the session ended; usually nothing.

    Hidden fields beside it say what the form was made from, SENT_TO and SENT_BY which form it was.
    """
    fields = await queries.select_draft(services().db, user_id, page)
    draft: dict[str, str] = json.loads(fields) if fields else {}
    return draft


async def form_done(user_id: int, page: str) -> None:
    """Forget the draft of a form that has done its work, here and in the browser (js/draft.js)."""
    await queries.delete_draft(services().db, user_id, page)
    await flash(request.path, "done")
