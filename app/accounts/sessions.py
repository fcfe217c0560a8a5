"""Sessions: a signed cookie of quart-auth that carries the user's id and name.

Everything that a page or a vote needs to know of its user is in the cookie, so neither asks
PostgreSQL who is there. The cookie also says when the session began, so that it can be ended
(app/accounts/revocation.py).
"""

from typing import NamedTuple

from quart import Quart
from quart_auth import AuthUser, QuartAuth, current_user, login_user, logout_user

from app.accounts.queries import Account
from app.accounts.state import accounts
from app.settings import Settings

COOKIE = "upvote_session"
MONTH = 30 * 24 * 60 * 60


class User(NamedTuple):
    """Who is signed in, and since when (Unix time, ms)."""

    id: int
    username: str
    began: int


def install_sessions(app: Quart, settings: Settings) -> None:
    app.secret_key = settings.secret_key
    app.config["SESSION_COOKIE_SAMESITE"] = (
        "Lax"  # Quart's own, which carries a message to the next page
    )
    QuartAuth(
        app,
        cookie_name=COOKIE,
        cookie_secure=False,
        cookie_samesite="Lax",
        duration=MONTH,
        salt="upvote session",
    )
    app.context_processor(lambda: {"user": signed_in_user()})


def signed_in_user() -> User | None:
    """The user of this request, or None for a visitor."""
    user = parse_auth_id(current_user.auth_id)
    if user is None or accounts().revocations.is_over(user.id, user.began):
        return None
    return user


def parse_auth_id(auth_id: str | None) -> User | None:
    """Whom a session names: "id.username.began"; None for no session.

    Older sessions do not say when they began: they are over as soon as any of their user's are ended.
    """
    number, _, rest = (auth_id or "").partition(".")
    username, _, began = rest.partition(".")
    if not number.isdecimal():
        return None
    return User(int(number), username, int(began) if began.isdecimal() else 0)


def signed_in_id() -> int | None:
    """The id of the user of this request, or None for a visitor."""
    user = signed_in_user()
    return None if user is None else user.id


def sign_in(account: Account, began: int) -> None:
    """Begin a session as of a moment (ms) by PostgreSQL's clock, which also says when sessions end."""
    login_user(AuthUser(f"{account.id}.{account.username}.{began}"), remember=True)


def sign_out() -> None:
    logout_user()
