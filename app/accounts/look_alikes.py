"""Names that look alike have the same skeleton, as in Unicode's UTS #39.

Its data is that of the package confusable-homoglyphs. Two rules are stricter, since usernames are
short: capitals count as small letters, and what separates words and symbols beside letters count as
nothing. So `I`, `i`, `l` and `1` are one letter (a capital i looks like an l), and so are `O`, `o` and
`0`; `★ adam` is `adam`.

Accents count: José and Jose are two people, and in many languages an accent makes another name. Without
them the names of the staff are compared (reserved_names.py), since nobody else is called that.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from app.loading import load_in_thread
from app.texts import BLANK

# Of letters beside each other; the rest of UTS #39's pairs hardly occur in names.
_PAIRS = (("rn", "m"), ("vv", "w"))
_LETTERS = str.maketrans("01i", "oll")
# Letters in black circles and squares, and those that flags are made of: Unicode calls them signs.
_SIGNS_OF_LETTERS = {
    first + at: chr(ord("a") + at) for first in (0x1F150, 0x1F170, 0x1F1E6) for at in range(26)
}
# Flags, and what may stand behind a word, where it is no letter.
_BESIDE = re.compile("[\U0001f1e6-\U0001f1ff]{2}|[©®™℠]+(?!\\w)")


async def load_look_alikes() -> None:
    """Read the data in a thread, before names are compared, since that takes some 80 ms."""
    await load_in_thread(_unstruck, _prototypes)


def skeleton(name: str) -> str:
    """Return what a name looks like; the same for all names that readers would take for each other."""
    seen = (_BESIDE.sub("", name) or name).translate(_SIGNS_OF_LETTERS)
    for _ in range(2):  # a capital may look like a letter whose small form looks like another one
        seen = unicodedata.normalize("NFKD", seen).translate(_prototypes()).casefold()
    kept = "".join(filter(_is_drawn, seen)) or "".join(name.split())
    for pair, letter in _PAIRS:
        kept = kept.replace(pair, letter)
    return kept.translate(_LETTERS)


def without_marks(name: str) -> str:
    """Return a name without accents, other combining marks and strokes through letters."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not _is_mark(c))
    return plain.translate(_unstruck())


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


def _is_drawn(character: str) -> bool:
    """Return whether a character is more than a separator, a sign, or invisible."""
    category = unicodedata.category(character)
    if category[0] in "ZPCS" or category == "Me" or character in BLANK:
        return False
    return not unicodedata.name(character, "").startswith("VARIATION SELECTOR")


def _pairs_of_data() -> Iterator[tuple[str, str]]:
    """Read the characters of the data, each with what it looks like."""
    data = files("confusable_homoglyphs").joinpath("confusables.json").read_text("utf-8")
    for character, others in json.loads(data).items():
        for other in others:
            yield character, "".join(c for c in other["c"] if unicodedata.category(c) != "Cf")


@cache
def _unstruck() -> dict[int, str]:
    """Return the letters that look like an ASCII letter with a mark, each with that letter: đ, ł, ø."""
    found: dict[int, str] = {}
    for character, alike in _pairs_of_data():
        letter = "".join(c for c in alike if not _is_mark(c))
        if len(character) == 1 and letter != alike and len(letter) == 1 and letter.isascii():
            found[ord(character)] = letter
    return found


@cache
def _prototypes() -> dict[int, str]:
    """Return for each character that looks like others the one that stands for all of them."""
    parents: dict[str, str] = {}

    def find(character: str) -> str:
        while character in parents:
            character = parents[character]
        return character

    for character, alike in _pairs_of_data():
        if len(character) == len(alike) == 1:
            first, second = sorted((find(character), find(alike)), key=_preference)
            if first != second:
                parents[second] = first
    return {ord(character): find(character) for character in parents}


def _preference(character: str) -> tuple[bool, bool, int]:
    """Order ASCII letters first: skeletons of usernames are made of them."""
    return not character.isascii(), not character.isalpha(), -ord(character)
