"""Suggests a username to somebody who signs in for the first time."""

from collections.abc import Iterable

from asyncpg import Pool

from app.accounts.forms import clean_username, username_error
from app.accounts.look_alikes import load_look_alikes
from app.accounts.reserved_names import is_reserved
from app.accounts.single_sign_on.queries import select_taken_names


async def suggest_name(db: Pool, names: Iterable[str], board_name: str) -> str:
    """Return a free username that is like the first usable of the names, or ""."""
    await load_look_alikes()
    for name in names:
        cleaned = clean_username(name)
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
