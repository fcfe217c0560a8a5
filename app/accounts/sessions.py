"""Sessions: a signed cookie of quart-auth that carries the user's id and name.

Everything that a page or a vote needs to know of its user is in the cookie, so neither asks
PostgreSQL who is there.
"""

from typing import NamedTuple

from quart import Quart
from quart_auth import AuthUser, QuartAuth, current_user, login_user, logout_user

from app.accounts.queries import Account
from app.settings import Settings

COOKIE = "upvote_session"
MONTH = 30 * 24 * 60 * 60


class User(NamedTuple):
    """Who is signed in."""

    id: int
    username: str


def install_sessions(app: Quart, settings: Settings) -> None:
    app.secret_key = settings.secret_key
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
    return parse_auth_id(current_user.auth_id)


def parse_auth_id(auth_id: str | None) -> User | None:
    """Whom a session names: "id.username"; None for no session."""
    number, _, username = (auth_id or "").partition(".")
    return User(int(number), username) if number.isdecimal() else None


def signed_in_id() -> int | None:
    """The id of the user of this request, or None for a visitor."""
    user = signed_in_user()
    return None if user is None else user.id


def sign_in(account: Account) -> None:
    login_user(AuthUser(f"{account.id}.{account.username}"), remember=True)


def sign_out() -> None:
    logout_user()
