"""Confirmations: somebody who is signed in has shown again that it is really them: a signed cookie.

It stands for the password where there is none, and where something takes two steps. It belongs to one
session, and is over after SECONDS.
"""

from app.web.signed_cookies import SignedCookie

NAME = "upvote_confirmed"
SECONDS = 600
# In place of a session's beginning, for a suspended account, which has no session.
NO_SESSION = -1

_cookie = SignedCookie("upvote confirmation", SECONDS)


def confirm(user_id: int, session: int) -> None:
    """Store with the response that this user is confirmed, in the session that began then (ms)."""
    _cookie.write(NAME, [user_id, session])


def is_confirmed(user_id: int, session: int) -> bool:
    """Return whether this request carries a confirmation of this user in this session."""
    found: object = _cookie.read(NAME)
    return found == [user_id, session]
