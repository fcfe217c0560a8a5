"""Why a token of the other site is refused."""

from typing import Literal

from werkzeug.datastructures import WWWAuthenticate

from app.accounts.queries import Account

# wrong: it is no token for this board. late: it was one, or will be. used: it has signed in before.
# barred: its account was deleted. suspended: its account is.
Kind = Literal["wrong", "late", "used", "barred", "suspended"]


class TokenRefused(Exception):
    """A token is not accepted. The reason is a sentence in ASCII without quotes, for a header.

    `account` is the one of somebody who is suspended, whom the token has identified.
    """

    def __init__(self, reason: str, kind: Kind = "wrong", account: Account | None = None) -> None:
        super().__init__(reason)
        self.reason, self.kind, self.account = reason, kind, account

    @property
    def challenge(self) -> WWWAuthenticate:
        """The header that says why (RFC 6750)."""
        return _InvalidToken("bearer", {"error_description": self.reason})


class _InvalidToken(WWWAuthenticate):
    """The header with quotes around both values, as the standard shows it."""

    def to_header(self) -> str:
        return f'Bearer error="invalid_token", error_description="{self["error_description"]}"'
