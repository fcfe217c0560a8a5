"""Names for accounts of the other site's users: usernames and display names that the board accepts.

Many people may have one name at the other site. Here a number behind it tells them apart.
"""

import secrets
from collections.abc import Iterator

from app.accounts.forms import clean_username, is_username, username_error
from app.accounts.names import LONGEST, MOST_CODE_POINTS, display_name_error
from app.accounts.reserved_names import is_reserved
from app.texts import clean_line, count_graphemes

LONGER = (10**3, 10**6, 10**6, 10**6)  # random numbers below these, if the first is taken
ROOM = 7  # characters for a number


def clean_name(name: str) -> str:
    """Return a name in the form of a display name, cut if it is too long; "" if it cannot be seen."""
    cleaned = clean_line(name[: 4 * MOST_CODE_POINTS])[:MOST_CODE_POINTS]
    while count_graphemes(cleaned) > LONGEST:
        cleaned = cleaned[:-1]
    return clean_line(cleaned)


def display_names(name: str, board_name: str) -> Iterator[str | None]:
    """Yield display names for a clean name, best first; at last None: the account has none."""
    if name and display_name_error(name, board_name) is None:
        yield name
        short = clean_line(name[: MOST_CODE_POINTS - ROOM])
        while count_graphemes(short) > LONGEST - ROOM:
            short = short[:-1]
        yield from (f"{short.rstrip()} {number}" for number in _numbers())
    while True:
        yield None


def usernames(name: str, subject: str, board_name: str) -> Iterator[str]:
    """Yield usernames, best first: from the name, from a subject that is one, then random ones."""
    for base in (clean_username(name), subject if is_username(subject) else ""):
        candidates = (base, *(f"{base[: 32 - ROOM]}-{number}" for number in _numbers())) if base else ()
        for each in candidates:
            if username_error(each) is None and not is_reserved(each, board_name):
                yield each
    while True:
        yield f"user-{secrets.token_hex(5)}"


def _numbers() -> Iterator[int]:
    """Yield few numbers: many people with one name may come at once, and each try takes time."""
    yield 2
    yield from (3 + secrets.randbelow(limit - 3) for limit in LONGER)
