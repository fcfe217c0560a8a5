"""The user who is signed in to a request, as the session's cookie says."""

import math
from typing import NamedTuple


class User(NamedTuple):
    """The signed-in user, when the session began (Unix time, ms), and when its cookie expires (s).

    With `by_token` a token has said who it is, instead of a session.
    """

    id: int
    username: str
    began: int
    until: float = math.inf
    by_token: bool = False


class TokenUse(NamedTuple):
    """Whom an API token acts for, and what it may do beside what every token may."""

    user_id: int
    scopes: frozenset[str]
