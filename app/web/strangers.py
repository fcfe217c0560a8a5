"""What a private board answers strangers, said next to each route; app/accounts/private.py obeys it.

A route without a mark is closed to them, so a new one is private by itself.
"""

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])

OPEN = "_upvote_open_to_strangers"
FOR_PROGRAMS = "_upvote_for_programs"


def open_to_strangers(view: View) -> View:
    """Mark a route that answers without an account on a private board too.

    Only what signing in needs may have this mark. It must not tell anything about the board's contents.
    """
    setattr(view, OPEN, True)
    return view


def for_programs(*, token: bool = False) -> Callable[[View], View]:
    """Mark a route that programs ask, outside of /api/: strangers of a private board get 401 there,
    since a program would take the page to sign in for the answer. With `token` an API token opens it.
    """

    def mark(view: View) -> View:
        setattr(view, FOR_PROGRAMS, "token" if token else "session")
        return view

    return mark


def is_open(view: Callable[..., Any] | None) -> bool:
    return getattr(view, OPEN, False)


def programs_need(view: Callable[..., Any] | None) -> str | None:
    """Return "token" or "session", or None for a route for people."""
    return getattr(view, FOR_PROGRAMS, None)
