"""A long text takes a time that grows with its length, not with its square: votes wait meanwhile."""

import time
from collections.abc import Callable

import pytest

from app.accounts.look_alikes import skeleton
from app.links import link_key, read_link
from app.projects.forms import parse_submission
from app.projects.search_terms.terms import project_terms
from app.projects.search_terms.words import words_of_link
from app.texts import clean_line, clean_paragraphs, count_graphemes
from app.web.formatting import is_right_to_left, isolated

# Each is repeated to a text: letters, signs of words, marks, spaces, beginnings of links, …
UNITS = (
    "a", "0", "a0", "a.", "a+", "a ", "\n", "+", "-", ".", "'", '"', "<", "&", "%2", "@", "/", "http://",
    "字", "字a", "ß", "ﷺ", "\u0301", "\u200d", "א", "ก", "ᄀ", "🇦", "\u0600", "\ufe0f", "\u2066",
)  # fmt: skip
READERS: dict[str, Callable[[str], object]] = {
    "a line": clean_line,
    "a description": clean_paragraphs,
    "its length": count_graphemes,
    "search terms": lambda text: project_terms(text[:100], None, text),
    "search terms of a link": lambda text: words_of_link(f"https://example.com/{text}"),
    "a link": lambda text: read_link(f"https://example.com/{text}"),
    "a host": lambda text: read_link(f"https://{text}"),
    "the same link": lambda text: link_key(f"https://example.com/?{text}"),
    "a name": skeleton,
    "its direction": is_right_to_left,
    "a text among others": isolated,
    "a form": lambda text: parse_submission({"title": text, "url": text, "description": text}, []),
}
LENGTH, TIMES = 1000, 16  # characters; how many times as long the longer text is


@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_the_time_for_a_long_text_grows_with_its_length(read):
    for unit in UNITS:
        short, long = unit * LENGTH, unit * LENGTH * TIMES
        # 16 times as long: 16 times the work, and 256 times if it grew with the square.
        assert any(_seconds(read, long) < 4 * TIMES * _seconds(read, short) for _ in range(5)), unit


def _seconds(read: Callable[[str], object], text: str) -> float:
    """Return the CPU time that it takes (s), and at least what the clock can measure."""
    start = time.thread_time()
    read(text)
    return max(time.thread_time() - start, 1e-5)
