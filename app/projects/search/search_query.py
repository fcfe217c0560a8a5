"""What a reader typed, as the tsqueries of the four kinds of matches.

"A phrase" in quotes, also in “those of a phone”, asks for words in this order, -word leaves projects
with the word out, and "or" between words asks for either side. Words that say little are asked for
only if there are no others. None of this keeps a title from finding itself: a project whose whole title
or link is the text comes first.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urldefrag

from app.projects.search.stop_words import STOP_WORDS
from app.projects.search_terms.terms import (
    PART_OF_TITLE,
    PART_SIZE,
    TITLE,
    link_term,
    literal_title_term,
    quoted,
    title_term,
)
from app.projects.search_terms.words import (
    LINK_START,
    LONGEST_WORD,
    Word,
    forms_of,
    grams,
    is_spaceless,
    words_of,
    words_of_link,
)

BEST_KIND = 3
MAX_WORDS = 40  # the words after these are ignored; a title has 60 words at most
SHORTEST_BEGINNING = 2  # characters; many words begin with the same letter
Match: TypeAlias = Callable[[Word], str]
QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
PIECES = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')


@dataclass(frozen=True)
class SearchQuery:
    """The tsquery of each kind of match: 3 by the whole title or link, 2 by words of the title (or all
    of the link), 1 by words of the project, 0 by parts of words. No project matches two of them.
    """

    kinds: dict[int, str]


@dataclass(frozen=True)
class _Wanted:
    """Words that a project must have: one, or a phrase; or must not have, if `excluded`."""

    words: tuple[Word, ...]
    excluded: bool
    phrase: bool


def parse_query(text: str) -> SearchQuery:
    """Return the tsqueries of what a reader typed."""
    if _is_link(text):
        return _by_kind(_whole(text, link_term(text)), *_link_queries(text))
    sides = [side for side in _sides(text) if any(not wanted.excluded for wanted in side)]
    is_plain = not any(wanted.excluded for side in sides for wanted in side)
    words = words_of(text) if is_plain else []
    return _by_kind(
        _whole(text, *[title_term(words)] * bool(words)),
        _any(_all(side, _word_of_title, _word_of_title) for side in sides),
        _any(_all(side, _whole_word, _whole_word) for side in sides),
        _any(_all(side, _part, _whole_word) for side in sides),
    )


def _whole(text: str, *terms: str) -> str:
    return " | ".join(quoted(term) for term in (literal_title_term(text), *terms))


def _by_kind(*queries: str | None) -> SearchQuery:
    """Return the query of these tsqueries, best kind first, without what a better kind finds."""
    kinds: dict[int, str] = {}
    better: list[str] = []
    for kind, query in zip(range(BEST_KIND, -1, -1), queries, strict=True):
        if query and f"({query})" not in better:
            kinds[kind] = f"({query}) & !({' | '.join(better)})" if better else query
            better.append(f"({query})")
    return SearchQuery(kinds)


def _is_link(text: str) -> bool:
    return LINK_START.match(text) is not None and not re.search(r"\s", text)


def _link_queries(url: str) -> tuple[str | None, str | None, None]:
    """Return the tsqueries of the words of a link, and of those before its ? or #."""
    full = _any(_phraseless(words) for words in (words_of_link(url), words_of(url)))
    page = _phraseless(words_of_link(urldefrag(url)[0].split("?")[0]))
    return full, page, None


def _phraseless(words: list[Word]) -> str | None:
    spoken = [word for word in words if not word.symbol] or words
    return _joined("&", [_whole_word(word) for word in spoken[:MAX_WORDS]])


def _sides(text: str) -> list[list[_Wanted]]:
    """Return what the text asks for, divided at each "or"."""
    sides: list[list[_Wanted]] = [[]]
    room = MAX_WORDS
    for minus, phrase, chunk in PIECES.findall(text.translate(QUOTES)):
        if chunk.lower() == "or" and not minus and sides[-1]:
            sides.append([])
            continue
        words = words_of(phrase or chunk)[:room]
        room -= len(words)
        if phrase:
            sides[-1].append(_Wanted(tuple(words), bool(minus), phrase=True))
        else:
            sides[-1] += [_Wanted((word,), bool(minus), phrase=False) for word in words]
    return [_important([wanted for wanted in side if wanted.words]) for side in sides]


def _important(side: list[_Wanted]) -> list[_Wanted]:
    """Return what is asked for without stop words and symbols, unless there is nothing else."""
    kept = [
        wanted for wanted in side if wanted.phrase or wanted.excluded or _says_much(wanted.words[0])
    ]
    if any(not wanted.excluded for wanted in kept):
        return kept
    words = [wanted for wanted in side if not wanted.words[0].symbol]
    return words if any(not wanted.excluded for wanted in words) else side


def _says_much(word: Word) -> bool:
    return not word.symbol and ("".join(word.parts) not in STOP_WORDS or bool(word.sign))


def _all(side: list[_Wanted], match: Match, match_in_phrase: Match) -> str | None:
    """Return the tsquery of one side of "or", with the tsquery of a word and of one in a phrase."""
    terms = []
    for wanted in side:
        if wanted.excluded:
            terms.append(f"!({_phrase(wanted.words, _whole_word)})")
        else:
            terms.append(_phrase(wanted.words, match_in_phrase if wanted.phrase else match))
    return _joined("&", terms)


def _phrase(words: tuple[Word, ...], match: Match) -> str:
    spoken = [word for word in words if not word.symbol] or list(words)
    return _in_a_row([(word.parts[-1], match(word)) for word in spoken])


def _in_a_row(terms: list[tuple[str, str]]) -> str:
    """Return the tsquery of terms that follow each other; each is given with its last part.

    The last term of a part without spaces is a pair of characters, two places before the next part.
    """
    query = ""
    for part, term in terms:
        query += f"({term})" + (" <2> " if is_spaceless(part) and len(part) > 1 else " <-> ")
    return query.rpartition(" <")[0]


def _word_of_title(word: Word) -> str:
    return _whole_word(word, TITLE)


def _whole_word(word: Word, kind: str = "") -> str:
    """Return the tsquery of a word, in title, description or link, or with `kind` in the title."""
    if word.sign:
        return quoted(kind + word.sign)
    parts = _in_a_row([(part, _whole_part(part, kind)) for part in word.parts])
    return f"({parts}) | {_forms(word.joined, kind)}" if word.joined else parts


def _whole_part(part: str, kind: str) -> str:
    if not is_spaceless(part):
        return _forms(part, kind)
    if len(part) == 1:
        return quoted(kind + part) + ":*"
    return " <-> ".join(quoted(kind + pair) for pair in grams(part[:LONGEST_WORD], 2))


def _forms(part: str, kind: str) -> str:
    return " | ".join(quoted(kind + form) for form in forms_of(part))


def _part(word: Word) -> str:
    """Return the tsquery of a word or a part of one: its beginning anywhere, any part in a title."""
    found = [_whole_word(word)]
    if not word.sign and not any(map(is_spaceless, word.parts)):
        whole = word.joined or word.parts[0]
        found += [quoted(whole) + ":*"] if len(whole) >= SHORTEST_BEGINNING else []
        found += [_title_part(whole)] if len(whole) >= PART_SIZE else []
    return " | ".join(f"({terms})" for terms in found)


def _title_part(part: str) -> str:
    return " <-> ".join(quoted(PART_OF_TITLE + letters) for letters in grams(part, PART_SIZE))


def _any(queries: Iterable[str | None]) -> str | None:
    return _joined("|", list(queries))


def _joined(operator: str, queries: list[str | None] | list[str]) -> str | None:
    return f" {operator} ".join(f"({query})" for query in queries if query) or None
