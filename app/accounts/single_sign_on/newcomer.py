"""Somebody whom the provider has identified and who has no account yet: a short-lived signed cookie."""

from dataclasses import asdict, dataclass

from app.web.signed_cookies import SignedCookie

NAME = "upvote_newcomer"
_cookie = SignedCookie("upvote newcomer", seconds=1800, path="/sign-in")


@dataclass(frozen=True)
class Newcomer:
    """The provider's id and names of somebody, where to go then, and the code of an invitation."""

    subject: str
    names: tuple[str, ...]
    back_to: str
    invitation: str
    full_name: str = ""


def remember(newcomer: Newcomer) -> None:
    """Store the newcomer with the response."""
    _cookie.write(NAME, asdict(newcomer))


def read() -> Newcomer | None:
    """Return the newcomer of this browser, or None."""
    try:
        return Newcomer(**(_cookie.read(NAME) or {}))
    except TypeError:  # there is none, or it is of another version of Upvote
        return None


def forget() -> None:
    """Remove the cookie with the response."""
    _cookie.forget(NAME)
