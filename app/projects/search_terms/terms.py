"""The terms under which a project is indexed, as the text of a tsvector.

A first character keeps the kinds of terms apart: ^ a word of the title, ~ three letters of the title,
= a digest of the whole title, / a digest of the link. Other terms are words of title, description or
link. PostgreSQL's own parser takes part in none of it, since it follows the locale of the server.
"""

from collections.abc import Iterable
from hashlib import blake2b
from unicodedata import normalize

from app.links import link_key
from app.projects.search_terms.words import (
    Word,
    forms_of,
    grams,
    is_spaceless,
    terms_of,
    words_of,
    words_of_link,
)

TITLE, PART_OF_TITLE, WHOLE_TITLE, WHOLE_LINK = "^", "~", "=", "/"
PART_SIZE = 3  # characters of the parts of a title's words
LAST_POSITION = 16_383  # of a tsvector
GAP = 10  # positions between title, description and link, so that no phrase reaches across


class _Terms:
    """Terms with their positions."""

    def __init__(self) -> None:
        self.positions: dict[str, list[str]] = {}

    def add(self, term: str, position: int) -> None:
        self.positions.setdefault(term, []).append(str(min(position, LAST_POSITION)))

    def text(self) -> str:
        return " ".join(f"{quoted(term)}:{','.join(at)}" for term, at in self.positions.items())


def project_terms(title: str, url: str | None, description: str) -> str:
    """Return the terms of a project as the text of a tsvector."""
    terms, title_words = _Terms(), words_of(title)
    for term in (literal_title_term(title), title_term(title_words)):
        terms.add(term, 1)
    _add_words(terms, title_words, 1, TITLE)
    _add_parts(terms, title_words)
    position = _add_words(terms, title_words, 1) + GAP
    position = _add_words(terms, words_of(description), position) + GAP
    if url:
        terms.add(link_term(url), 1)
        _add_words(terms, words_of_link(url), position)
    return terms.text()


def literal_title_term(title: str) -> str:
    """Return the term of a whole title as it is, but for case and width."""
    return WHOLE_TITLE + _digest(" ".join(normalize("NFKC", title).casefold().split()))


def title_term(words: Iterable[Word]) -> str:
    """Return the term of a whole title that has these words, whatever stands between them."""
    return WHOLE_TITLE + WHOLE_TITLE + _digest(plain(words))


def link_term(url: str) -> str:
    """Return the term of a link, which links that lead to the same page share."""
    key = link_key(url) or link_key(f"https://{url}")
    return WHOLE_LINK + (key.hex() if key else _digest(url))


def plain(words: Iterable[Word]) -> str:
    return " ".join(part for word in words for part in (*word.parts, word.sign) if part)


def quoted(term: str) -> str:
    """Return a term in the quotes of tsvector and tsquery."""
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=10).hexdigest()


def _add_words(terms: _Terms, words: list[Word], position: int, kind: str = "") -> int:
    """Add words from a position on, and return the position after them."""
    for word in words:
        begin = position
        for part in word.parts:
            position = _add_part(terms, part, position, kind)
        if word.symbol:
            position = begin  # a symbol between two words does not part a phrase
        if len(word.parts) > 1 or word.sign:
            _add_whole(terms, word, (begin, position - 1), kind)
    return position


def _add_whole(terms: _Terms, word: Word, positions: Iterable[int], kind: str) -> None:
    for whole in filter(None, (word.joined, word.sign)):
        for form in forms_of(whole):
            for position in positions:
                terms.add(kind + form, position)


def _add_part(terms: _Terms, part: str, position: int, kind: str) -> int:
    if is_spaceless(part):
        for at in range(len(part)):
            terms.add(kind + part[at : at + 2], position + at)
        return position + len(part)
    for term in terms_of(part):
        terms.add(kind + term, position)
    return position + 1


def _add_parts(terms: _Terms, words: list[Word]) -> None:
    """Add three letters each of the words, one position after another."""
    position = 1
    for word in words:
        for whole in (*word.parts, word.joined):
            for part in [] if is_spaceless(whole) else grams(whole, PART_SIZE):
                terms.add(PART_OF_TITLE + part, position)
                position += 1
            position += 1
