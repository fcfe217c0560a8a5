"""Names that nobody can choose: those that readers would take for the board or its staff.

They are compared by what they look like, and without accents: `Ádmin` passes for `Admin`. Accounts that
have such a name keep it, and an operator can still create one.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from app.accounts.look_alikes import skeleton, without_marks

# Names that people would take for the board or its staff, with a number or "team" beside them too.
RESERVED = frozenset((
    "abuse", "admin", "administrator", "administrators", "admins", "board", "help", "helpdesk",
    "hostmaster", "mod", "moderation", "moderator", "moderators", "mods", "noreply",
    "official", "operator", "ops", "organiser", "organisers", "organizer", "organizers", "owner",
    "postmaster", "root", "security", "staff", "superuser", "support", "sysadmin", "system", "upvote",
    "webmaster",
))  # fmt: skip
# Of these only the whole name: me-2 is somebody, and Team 7 are participants.
_RESERVED_ALONE = frozenset((
    "anonymous", "api", "deleted", "deleteduser", "everyone", "info", "me", "nobody", "none", "null",
    "team", "theteam", "undefined", "unknown",
))  # fmt: skip
# As one word of a name, each of these makes its bearer look like the staff. Not "team", "jury" or
# "judge": participants call themselves Team Rocket, jurors say that they are, and Judge is a surname.
STAFF = frozenset((
    "admin", "admins", "administrator", "administrators", "administration", "mod", "mods",
    "moderator", "moderators", "moderation", "staff", "official", "organiser", "organisers",
    "organizer", "organizers", "sysadmin",
))  # fmt: skip
# These change nothing about whom a name seems to be: the Upvote Team is Upvote.
_ADDED = frozenset(("the", "team", "crew", "site", "event"))
_BETWEEN_WORDS = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])")


def is_reserved(name: str, board_name: str) -> bool:
    """Return whether a username or display name looks like the board of that name, or its staff."""
    words = _words(name)
    known = _looks(RESERVED) | {_telling(_words(board_name)), _look(board_name)} - {""}
    telling = [word for word in words if not word.isdigit() and _look(word) not in _looks(_ADDED)]
    return (
        any(_forms(word) & _looks(STAFF) for word in words)
        or _look(name) in known | _looks(_RESERVED_ALONE)
        or _telling(words) in known
        or (bool(telling) and all(_forms(word) & known for word in telling))
    )


def _words(name: str) -> list[str]:
    """Return the words of a name, which signs, spaces or a capital within it divide."""
    plain = unicodedata.normalize("NFKD", name)
    drawn = "".join(each for each in plain if unicodedata.category(each)[0] not in "MC")
    return [word for word in _BETWEEN_WORDS.split(drawn) if word]


def _telling(words: Iterable[str]) -> str:
    """Return the look of a name without numbers and the words that change nothing."""
    kept = (word for word in words if not word.isdigit() and _look(word) not in _looks(_ADDED))
    return _look(" ".join(kept))


def _forms(word: str) -> set[str]:
    """Return what a word may be read as: in adm1n the digit is a letter, in admin1 it is not."""
    parts = [word, word.strip("0123456789"), *re.split("[0-9]+", word)]
    return {_look(part) for part in parts if part}


def _look(text: str) -> str:
    return skeleton(without_marks(text))


@cache
def _looks(words: frozenset[str]) -> frozenset[str]:
    return frozenset(map(_look, words))
