"""Texts that people type, cleaned before they are checked, stored or searched for.

A line (titles, names, reasons, words of a search) has no line breaks, and single spaces. Paragraphs
(descriptions) keep their line breaks. Both are in Unicode's composed form (NFC, UAX #15), so that the
same text typed on two systems is stored alike, and both are empty if nothing in them can be seen.
"""

import re
import sys
import unicodedata
from functools import cache

_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    chr(plane + last) for plane in range(0, sys.maxunicode, 0x10000) for last in (0xFFFE, 0xFFFF)
)
# Controls, halves of surrogate pairs, placeholders, what forces a direction on the text behind it, and
# characters without width that carry no meaning. The direction marks of Hebrew and Arabic stay (U+200E,
# U+200F, U+061C): they affect only what is next to them.
_REMOVED = re.compile(
    "[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\ufffc"
    "\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e001f\U000e0080-\U000e00ff"
    f"\U000e01f0-\U000e0fff{_NONCHARACTERS}]"
)
# Tags spell the region of a flag behind a black flag (Scotland's), and hide a text everywhere else.
_TAGS = re.compile(
    "(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f)|[\U000e0020-\U000e007f]+"
)
# Joiners shape letters from Hebrew onwards, and emoji. Unicode describes at most three in a row.
_JOINERS = "\u180e\u200c\u200d"
_LOST_JOINERS = re.compile(f"(?<![\u0590-\u1fff\u2100-\U0010ffff{_JOINERS}])[{_JOINERS}]+")
_REPEATED_JOINERS = re.compile(f"([{_JOINERS}]{{3}})[{_JOINERS}]+")
# A variation selector chooses the form of one character; more of them hide a text.
_SELECTOR = "[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_REPEATED_SELECTORS = re.compile(f"({_SELECTOR}){_SELECTOR}+")
_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Marks of no script in particular can be piled up over the lines above; no language needs five.
_DIACRITIC = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f]")
MOST_DIACRITICS = 4
# The largest Tibetan stacks have eight marks, a letter of Hebrew up to six.
MOST_MARKS = 8
# Letters and symbols that are drawn as nothing: Hangul fillers, the empty Braille pattern, a null note,
# and the blanks of hieroglyphs.
_SKIN_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_PARTS = frozenset(("Mn", "Me", "Mc", "Cf"))
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159\U00013441\U00013442")


def clean_line(text: str) -> str:
    """Return the text as one line, or "" if nothing in it can be seen."""
    return _visible(" ".join(_clean(text).split()))


def clean_paragraphs(text: str) -> str:
    r"""Return the text with \n as its line breaks, or "" if nothing in it can be seen."""
    return _visible(_clean(_LINE_BREAKS.sub("\n", text)).strip())


def count_graphemes(text: str) -> int:
    """Return how many characters people see in a clean text: marks, joined emoji and the two halves of
    a flag are not characters of their own.
    """
    count, joined, half_flag = 0, False, False
    for character in text:
        is_part = joined or character in _SKIN_TONES or unicodedata.category(character) in _PARTS
        is_half = "\U0001f1e6" <= character <= "\U0001f1ff"
        if not is_part and not (is_half and half_flag):
            count += 1
        half_flag = is_half and not half_flag
        joined = character == "\u200d"
    return count


@cache
def visible_pattern() -> str:
    """Return a regular expression that finds a character in exactly the texts that are not blank.

    It lists what cannot be seen, which has fewer ranges, and is valid in Python and ECMAScript.
    """
    # Of planes 4 to 14 only the tags and the non-characters are hidden; planes 15 and 16 are private.
    codes = (*range(0xD800), *range(0xE000, 0x40000), *range(0xE0000, 0xE1000))
    characters = "".join(map(chr, codes)) + _NONCHARACTERS
    hidden = {*BLANK, *_REMOVED.findall(characters), *filter(_is_undrawn, characters)}
    ranges: list[list[str]] = []
    for character in sorted(hidden):
        if ranges and ord(ranges[-1][1]) == ord(character) - 1:
            ranges[-1][1] = character
        else:
            ranges.append([character, character])
    return "[^" + "".join(f"{first}-{last}" for first, last in ranges) + "\U000f0000-\U0010ffff]"


def _clean(text: str) -> str:
    text = _REMOVED.sub("", text)
    if text.isascii():
        return text
    text = _REPEATED_SELECTORS.sub(r"\1", _TAGS.sub(r"\1", text))
    text = _REPEATED_JOINERS.sub(r"\1", _LOST_JOINERS.sub("", text))
    return _without_piles(unicodedata.normalize("NFC", text))


def _without_piles(text: str) -> str:
    """Return the text without marks and spaces at its beginning, and without piles of marks."""
    kept: list[str] = []
    marks = diacritics = 0  # on the latest character; joiners and the like do not begin another
    for character in text:
        category = unicodedata.category(character)
        if category[0] == "M":
            marks += 1
            diacritics += bool(_DIACRITIC.match(character))
        elif category != "Cf":
            marks = diacritics = 0
        piled = marks > MOST_MARKS or diacritics > MOST_DIACRITICS
        if not piled and (kept or not (marks or character.isspace())):
            kept.append(character)
    return "".join(kept)


def _visible(text: str) -> str:
    return text if any(map(_can_be_seen, text)) else ""


def _can_be_seen(character: str) -> bool:
    return not (character in BLANK or _is_undrawn(character) or _REMOVED.match(character))


def _is_undrawn(character: str) -> bool:
    """Return whether Unicode knows the character as a mark, a space or a control.

    One that is newer than Python's Unicode is taken to be drawn.
    """
    category = unicodedata.category(character)
    return category[0] in "MZC" and category != "Cn"
