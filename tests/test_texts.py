"""Texts that people type are composed, visible, and free of controls, in every script."""

import re
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.texts import MOST_MARKS, clean_line, clean_paragraphs, visible_pattern

KEPT = [
    "Plain words",
    "Žluťoučký kůň",
    "Tiếng Việt",
    "שָׁל֔וֹם עֲלֵיכֶ֖ם",  # vowels and accents
    "مرحبا بالعالم",
    "می\u200cخواهم",  # Persian: U+200C between the parts of a word
    "क्\u200dष",  # Devanagari: U+200D keeps the half form
    "བསྒྲུབས ཧྐྵྨླྺྼྻྂ",  # Tibetan: letters below letters, up to eight
    "ᠬᠠᠭᠠᠨ᠎ᠠ",  # Mongolian: U+180E before the last vowel
    "ه\u200d.ق",  # Persian: the initial form of a single letter
    "日本語の題",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family: three emoji and joiners
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland: tags
    "❤\ufe0f 1\ufe0f\u20e3 \U0001f469\U0001f3fd\u200d\U0001f680",
    "\U0001f3f3\ufe0f\u200d\U0001f308 \U0001f1ee\U0001f1f1",
    "\u845b\U000e0100",  # a form of a Chinese character
    "\U0001fae8 newer than Python's Unicode \U0001fadd",
    "C++ & C# < 3",
    "?",
]


@pytest.mark.parametrize("text", KEPT)
def test_texts_of_all_scripts_stay_as_they_are(text):
    text = unicodedata.normalize("NFC", text)
    assert clean_line(text) == clean_paragraphs(text) == text


INVISIBLE = [
    "",
    " \t\n\u00a0\u3000",
    "\u200b",
    "\u2060\u2063",
    "\u3164",
    "\u115f\u1160\uffa0",
    "\u2800\u2800",
    "\u0301",
    "\u0301\u0301 \u0e49",
    "\u00ad",
    "\ufeff",
    "\u200d\u200e",
    "\u202e",
    "\ufe0f",
    "\ue000",
    "\0\x01",
    "\U000e0041\U000e007f",  # tags
    "\U000e0080\U000e0fff\U0001ffff",  # never to be assigned, or to nothing visible
    "\ufffc",
    "\U00013441",
]


@pytest.mark.parametrize("text", INVISIBLE)
def test_a_text_that_nobody_can_see_is_empty(text):
    assert clean_line(text) == clean_paragraphs(text) == ""


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Cafe\u0301", "Caf\u00e9"),
        ("A\u202egnp.exe\u202c", "Agnp.exe"),
        ("\u2066a\u2069\u2067b", "ab"),
        ("a\0b\x07c\x1bd\x7fe", "abcde"),
        ("soft\u00adhyphen zero\u200bwidth\ufeff", "softhyphen zerowidth"),
        ("half \ud83d", "half"),
        ("non\ufffe\uffff\ufdd0", "non"),
        ("a" + "\u0316" * 50 + "b", "a" + "\u0316" * 4 + "b"),
        ("e" + "\u0301" * 50, "\u00e9" + "\u0301" * 4),
        ("ท" + "\u0e49" * 50, "ท" + "\u0e49" * 8),
        ("ท" + "\u0e49\u200d" * 50, "ท" + "\u0e49\u200d" * 8),
        (" \u0301 \u0301first", "first"),
        ("pay\u200dpal e\u200d\u0301", "paypal \u00e9"),
        ("کتاب" + "\u200c" * 9 + "ها", "کتاب" + "\u200c" * 3 + "ها"),
        ("x" + "".join(chr(0xE0000 + ord(letter)) for letter in "hidden"), "x"),
        ("❤" + "\ufe0f" * 9, "❤\ufe0f"),
        ("from a document\ufffc", "from a document"),
    ],
)
def test_what_harms_a_page_is_taken_out(typed, stored):
    assert clean_line(typed) == clean_paragraphs(typed) == stored


def test_a_line_has_single_spaces_and_no_breaks():
    assert clean_line(" a\u00a0 b\r\n\u2028c\x0bd\x85e\tf ") == "a b c d e f"


def test_paragraphs_keep_their_breaks_and_tabs():
    assert clean_paragraphs("\n a\r\nb\rc\u2028d\x85\n\te  f ") == "a\nb\nc\nd\n\n\te  f"


def test_the_pattern_finds_exactly_the_texts_that_are_not_blank():
    """The API's description contains it, so that programs know which titles are accepted."""
    visible = re.compile(visible_pattern())
    everything = "".join(map(chr, (*range(0xD800), *range(0xE000, sys.maxunicode + 1))))
    assert clean_line(visible.sub("", everything)) == ""
    known = [c for c in visible.findall(everything) if unicodedata.category(c) != "Cn"]
    assert len(known) > 100_000
    assert len(clean_line(" ".join(known)).split()) == len(known)


@given(st.text(st.sampled_from("ab \u0301\u0327\u200c\u200d\u202e\ufe0fกीש\u05b0❤\U000e0061\n")))
@settings(max_examples=200, deadline=None)
def test_a_cleaned_text_is_composed_and_has_few_marks(typed):
    stored = clean_line(typed)
    assert unicodedata.is_normalized("NFC", stored)
    assert stored == stored.strip()
    assert bool(stored) == bool(re.search(visible_pattern(), typed))
    without_joiners = re.sub("[\u200c\u200d]", "", stored)
    assert not re.search(f"[\u0301\u0327\ufe0f\u0940\u05b0]{{{MOST_MARKS + 1}}}", without_joiners)
