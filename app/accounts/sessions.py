"""Sessions: a signed cookie of quart-auth that carries the user's id and name.

The cookie has all that a page or a vote needs to know about its user, so neither asks PostgreSQL. It
also says when the session began, so that it can be ended (app/accounts/revocation.py).
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
    """The signed-in user, and when the session began (Unix time, ms)."""

    id: int
    username: str
    began: int


def install_sessions(app: Quart, settings: Settings) -> None:
    app.secret_key = settings.require_secret_key()
    # Quart's own session carries a flashed message to the next page.
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
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
    """Return the user of this request, or None for a visitor."""
    user = parse_auth_id(current_user.auth_id)
    if user is None or accounts().revocations.is_over(user.id, user.began):
        return None
    return user


def parse_auth_id(auth_id: str | None) -> User | None:
    """Parse a session's "id.username.began"; return None if there is no session.

    Sessions of earlier versions do not say when they began. They are over as soon as any session of
    their user is ended.
    """
    number, _, rest = (auth_id or "").partition(".")
    username, _, began = rest.partition(".")
    if not number.isdecimal():
        return None
    return User(int(number), username, int(began) if began.isdecimal() else 0)


def signed_in_id() -> int | None:
    """Return the id of the user of this request, or None for a visitor."""
    user = signed_in_user()
    return None if user is None else user.id


def sign_in(account: Account, began: int) -> None:
    """Begin a session at the time `began` (ms) of PostgreSQL's clock, by which sessions also end."""
    login_user(AuthUser(f"{account.id}.{account.username}.{began}"), remember=True)


def sign_out() -> None:
    logout_user()
