"""Suggests a username to somebody who signs in for the first time."""

import re
import unicodedata
from collections.abc import Iterable

from asyncpg import Pool

from app.accounts.forms import username_error
from app.accounts.reserved_names import is_reserved
from app.accounts.single_sign_on.queries import select_taken_names

LONGEST = 28  # characters: room for a number


async def suggest_name(db: Pool, names: Iterable[str], board_name: str) -> str:
    """Return a free username that is like the first usable of the names, or ""."""
    for name in names:
        cleaned = clean_name(name)
        candidates = [cleaned, *(f"{cleaned}-{number}" for number in range(2, 10))]
        usable = [
            each
            for each in candidates
            if not username_error(each) and not is_reserved(each, board_name)
        ]
        taken = await select_taken_names(db, usable)
        if free := [each for each in usable if each not in taken]:
            return free[0]
    return ""


def clean_name(name: str) -> str:
    """Return a name or mail address as a username: what is before the @, without accents."""
    plain = unicodedata.normalize("NFKD", name.partition("@")[0].replace("ß", "ss")).lower()
    spelled = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub("[^a-z0-9_]+", "-", spelled)[:LONGEST].strip("-_")
