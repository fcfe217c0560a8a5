"""Sessions: a signed cookie of quart-auth that carries the user's id and name.

The cookie has all that a page or a vote needs to know about its user, so neither asks PostgreSQL. It
also says when the session began, so that it can be ended (app/accounts/revocation.py).
"""

from itsdangerous.encoding import base64_decode, base64_encode, bytes_to_int
from itsdangerous.exc import BadData
from quart import Quart
from quart_auth import AuthUser, QuartAuth, current_user, login_user, logout_user

from app.accounts.browser import install_browser, note_account
from app.accounts.queries import Account
from app.accounts.state import accounts
from app.accounts.user import User
from app.settings import Settings
from app.web.dated import DatedSerializer

COOKIE = "upvote_session"
MONTH = 30 * 24 * 60 * 60
# A token of ours has about 200 bytes.
MAX_COOKIE_BYTES = 400


class SessionAuth(QuartAuth):
    """quart-auth, for tokens in their one canonical spelling, also of a clock that is a bit ahead."""

    serializer_class = DatedSerializer  # type: ignore[assignment]

    def load_token(self, token: str, app: Quart | None = None) -> str | None:
        return super().load_token(token, app) if is_canonical(token.encode()) else None


def is_canonical(token: bytes) -> bool:
    """Return whether a token is spelled as this board spells its own.

    Its text is signed byte by byte, but the signature itself is base64, whose decoder skips characters
    that it does not know: without this check each session would have any number of valid tokens.
    """
    signature = token.rpartition(b".")[2]
    try:
        return len(token) <= MAX_COOKIE_BYTES and base64_encode(base64_decode(signature)) == signature
    except BadData:
        return False


def expiry(token: bytes) -> float:
    """Return when (Unix time, s) a token expires; its signature has been checked."""
    return bytes_to_int(base64_decode(token.rsplit(b".", 2)[1])) + MONTH


def install_sessions(app: Quart, settings: Settings) -> None:
    app.secret_key = settings.require_secret_key()
    # Quart's own session carries a flashed message to the next page.
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    install_browser(app)  # first, so that its cookie comes after the session's
    SessionAuth(
        app,
        cookie_name=COOKIE,
        cookie_secure=False,
        cookie_samesite="Lax",
        duration=MONTH,
        salt="upvote session",
    )
    app.context_processor(lambda: {"user": signed_in_user()})


def is_undecided() -> bool:
    """Return whether this request has a session of which nobody knows yet whether it was ended."""
    return not accounts().revocations.known and parse_auth_id(current_user.auth_id) is not None


def signed_in_user() -> User | None:
    """Return the user of this request; None for a visitor, and while `is_undecided`."""
    user = parse_auth_id(current_user.auth_id)
    return None if user is None or accounts().is_over(user) else user


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
    note_account(account.id, session_id())
    login_user(AuthUser(f"{account.id}.{account.username}.{began}"), remember=True)


def sign_out() -> None:
    user_id = session_id()
    if user_id is not None:
        note_account(user_id)
    logout_user()


def session_id() -> int | None:
    """Return the id of the user of this request's session, even if it has ended."""
    user = parse_auth_id(current_user.auth_id)
    return None if user is None else user.id
