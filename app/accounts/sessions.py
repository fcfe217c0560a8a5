"""Sessions: a signed cookie of quart-auth that carries the user's id and name.

Everything that a page or a vote needs to know of its user is in the cookie, so neither asks
PostgreSQL who is there.
"""

from quart import Quart
from quart_auth import AuthUser, QuartAuth, current_user, login_user, logout_user

from app.accounts.queries import Account
from app.settings import Settings

MONTH = 30 * 24 * 60 * 60


class User(AuthUser):
    """Whoever sent this request; `id` is None for a visitor who is not signed in."""

    def __init__(self, auth_id: str | None) -> None:
        super().__init__(auth_id)
        number, _, username = (auth_id or "").partition(".")
        self.id = int(number) if number.isdecimal() else None
        self.username = username


def install_sessions(app: Quart, settings: Settings) -> None:
    app.secret_key = settings.secret_key
    QuartAuth(
        app,
        user_class=User,
        cookie_name="upvote_session",
        cookie_secure=False,
        cookie_samesite="Lax",
        duration=MONTH,
        salt="upvote session",
    )
    app.context_processor(lambda: {"user": signed_in_user()})


def signed_in_user() -> User | None:
    """The user of this request, or None for a visitor."""
    user: User = current_user._get_current_object()  # type: ignore[attr-defined]
    return user if user.id is not None else None


def sign_in(account: Account) -> None:
    login_user(User(f"{account.id}.{account.username}"), remember=True)


def sign_out() -> None:
    logout_user()
