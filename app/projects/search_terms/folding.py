"""Folds text for search: what readers take for the same word becomes the same characters.

Upper case, accents and the width of letters are folded, and whatever is no letter, mark, digit or
symbol becomes a space. Python's Unicode tables decide, never the locale of the database server.
"""

import re
import unicodedata

APOSTROPHES = dict.fromkeys("'`´‘’‛ʻʼʽʾʿʹʺˀꞋꞌ′᾽՚＇׳״", "'")
JOINERS = (
    APOSTROPHES | dict.fromkeys("-‐‑－﹣־", "-") | dict.fromkeys(".．", ".") | {"_": "_", "＿": "_"}
)
# A sign behind a word may be a part of its name, as in C++ and C#.
SIGNS = {"+": "+", "＋": "+", "#": "#", "＃": "#", "♯": "#"}
# Letters that people type as other letters, and that Unicode does not decompose.
LETTERS = str.maketrans("øłđðħŧŋıəǝىیکةٱ", "olddhtnieeييكها") | str.maketrans(
    {"æ": "ae", "œ": "oe", "þ": "th", "·": ""}  # ŀ is decomposed to l and ·
)
# Letters with a hook or stroke of African, Sami and American languages.
LETTERS |= str.maketrans("ɓɗɖɛƒɠǥɣɨƙĸɲɔʉʋƴƶʒґ", "bddefgggikknouvyzzг")
# Accents of Latin, Greek and Cyrillic letters, points of Hebrew, short vowels of Arabic, and selectors
# of emoji variants. Marks of other scripts are parts of their words, as the vowels of Hindi are.
OPTIONAL_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u20d0-\u20ff\ufe00-\ufe0f]"
)
SKIN_TONES = range(0x1F3FB, 0x1F400)
# The point in Catalan (col·lecció) and Occitan (in·hèrn) words; people leave it out.
POINT_IN_WORD = re.compile("(?<=l)[·‧•\u0387](?=l)|(?<=[ns])[·‧•\u0387](?=h)", re.IGNORECASE)
HEBREW_ABBREVIATION = re.compile('(?<=[א-ת])["”](?=[א-ת])')
MAX_REMEMBERED = 20_000  # characters; somebody may send every character that exists


class _FoldedCharacters(dict[int, str]):
    """The folded form of each character, for str.translate; computed on first use."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        if len(self) < MAX_REMEMBERED:
            self[code] = folded
        return folded


_folded_characters = _FoldedCharacters()


def fold(text: str) -> str:
    """Return the text in small letters without accents: words, "'-._" inside them, "+#", and spaces.

    Each symbol, an emoji for example, stands between spaces.
    """
    text = POINT_IN_WORD.sub("", HEBREW_ABBREVIATION.sub("'", text))
    return unicodedata.normalize("NFC", text.translate(_folded_characters))


def _fold_character(character: str) -> str:
    if known := JOINERS.get(character) or SIGNS.get(character):
        return known
    category = unicodedata.category(character)
    if category[0] in "LMN":
        return _fold_letter(character)
    if category in ("So", "Sc", "Sm"):
        return f" {_fold_symbol(character)} "
    invisible = category == "Cf" or ord(character) in SKIN_TONES
    return "" if invisible else " "


def _fold_letter(character: str) -> str:
    letters = OPTIONAL_MARKS.sub("", unicodedata.normalize("NFKD", character).casefold())
    letters = OPTIONAL_MARKS.sub("", unicodedata.normalize("NFKD", letters)).translate(LETTERS)
    return "".join(_digit(letter) if _is_in_words(letter) else " " for letter in letters)


def _fold_symbol(symbol: str) -> str:
    """Return the symbol, or the letters that it is made of, as of ™."""
    letters = unicodedata.normalize("NFKD", symbol)
    return symbol if letters == symbol else "".join(map(_fold_letter, letters))


def _is_in_words(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def _digit(character: str) -> str:
    """Return 0 to 9 for a digit of any script, and other characters unchanged."""
    return str(unicodedata.decimal(character, character))
