"""What somebody typed into a form, to be given back if it cannot be processed."""

from contextlib import suppress
from typing import cast

from quart import g, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from app.web.body_limits import LimitedRequest

# The fields for text, with their labels. All others are secrets, or choices that are easily made again.
LABELS = {
    "title": "Title",
    "url": "Link",
    "description": "Description",
    "name": "Name",
    "label": "Label",
    "uses": "Number of people",
    "until": "End",
    "slug": "Short name",
    "reason": "Reason",
    "username": "Username",
    "display_name": "Name",
    "address": "Mail address",
    "tagline": "Tagline",
    "welcome": "Welcome text",
    "accent": "Accent colour",
    "timezone": "Time zone",
    "submit_from": "Submitting opens",
    "submit_until": "Submitting closes",
    "vote_from": "Voting opens",
    "vote_until": "Voting ends",
    "budget": "Votes for each account",
    "min_downvote_age": "Age of accounts that vote down",
}
# The hidden fields that say what a form was made from (app/web/form_marks.py).
ORIGIN = ("revision", "marks")
SECRETS = frozenset({"password", "current", "mail_password"})


async def typed_text() -> dict[str, str]:
    """Return the texts of this request's form by field; nothing of a request from another site."""
    form = await _form()
    return {name: form[name] for name in LABELS if form.get(name)}


async def form_origin() -> dict[str, str]:
    """Return the hidden fields that say what this request's form was made from."""
    form = await _form()
    return {name: form[name] for name in ORIGIN if name in form}


async def other_fields() -> list[tuple[str, str]] | None:
    """Return the form's other fields; None if it has a secret and so cannot be given back whole.

    A name may have several values, as the boxes that are ticked in a list.
    """
    form = await _form()
    if not SECRETS.isdisjoint(form):
        return None
    fields = form.items(multi=True)
    return [(name, value) for name, value in fields if name not in LABELS and name != "account"]


async def _form() -> MultiDict[str, str]:
    if request.method != "POST" or not g.get("same_site") or request.path.startswith("/api/"):
        return MultiDict()
    try:
        return await request.form
    except RequestEntityTooLarge:
        with suppress(HTTPException):
            return await cast(LimitedRequest, request).large_form()
        return MultiDict()
    except (TimeoutError, HTTPException):  # it did not arrive
        return MultiDict()
