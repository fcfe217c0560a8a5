"""Loose ASGI types, because Quart's own differ from one server to the next."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# A fast path that passes a request on leaves what it knows in the scope under this key: the exception
# that it met, or the result of a vote that it cast.
OUTCOME = "upvote.outcome"


def outcome_of(scope: Any) -> Any:
    """Return what a fast path has left for Quart's route, or None. Raises it if it is an exception."""
    outcome = scope.get(OUTCOME)
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome
