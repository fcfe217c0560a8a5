"""Divides folded text into words, and says under which terms each word is indexed.

A word that apostrophes, hyphens, points or underscores divide, like Node.js, is indexed by its parts
and as one: it is found as "node", "node.js" and "nodejs". Scripts that do not put spaces between words
are indexed by pairs of characters, so any part of a sentence is found.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from urllib.parse import unquote

from ada_url import idna_to_unicode

from app.links import read_link
from app.loading import load_in_thread
from app.projects.search_terms.folding import fold

# Characters; of longer words, and of longer searches without spaces, the beginning counts.
LONGEST_WORD = 100
LONGEST_REMEMBERED = 200  # characters; a text without spaces is one chunk, and no other text has it
# Thai and Lao, Burmese, Khmer, Japanese, Chinese, Korean. Korean has spaces, but appends endings.
SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
FIRST_SPACELESS = re.compile(f"[{SPACELESS}]")
PART = re.compile(rf"[{SPACELESS}]+|[^{SPACELESS}'\-._+#]+")
# Of C++ or C#, at the end of a part. A pattern of the whole part would be tried from each of its
# characters, which takes minutes for a long text without spaces.
SIGN = re.compile(rf"(?<=[^{SPACELESS}'\-._+#])[+#]{{1,2}}(?=['\-.]|$)")
LETTERS_OR_DIGITS = re.compile(r"\d+|\D+")
LINK_START = re.compile(r"(?<!\w)(?:https?://(?:www\.)?|www\.)(?=\w)", re.IGNORECASE)


@dataclass(frozen=True)
class Word:
    """A word of a text: its parts in order, `sign` with its + or # for C++, `symbol` for an emoji."""

    parts: tuple[str, ...]
    sign: str = ""
    symbol: bool = False

    @property
    def joined(self) -> str:
        """The parts as one word, or "" if there is one part only."""
        return "".join(self.parts)[:LONGEST_WORD] if len(self.parts) > 1 else ""


def words_of(text: str) -> list[Word]:
    """Return the words of a text. The start of a link (https://www.) is no word."""
    return [word for chunk in fold(LINK_START.sub(" ", text)).split() if (word := _word_of(chunk))]


def words_of_link(url: str) -> list[Word]:
    """Return the words of a link, with percent-encoded characters and the host's letters decoded."""
    return words_of(unquote(_with_readable_host(url)))


async def load_words() -> None:
    """Load what dividing texts needs in a thread: the first time it takes some 50 ms."""
    await load_in_thread(_stemmer)


@cache
def _stemmer() -> Any:
    """Load the stemmer when it is needed: all languages come with it, and a worker seldom needs it."""
    import snowballstemmer

    return snowballstemmer.stemmer("english")


def _word_of(chunk: str) -> Word | None:
    return (_word if len(chunk) <= LONGEST_REMEMBERED else _word.__wrapped__)(chunk)


@lru_cache(maxsize=20_000)
def _word(chunk: str) -> Word | None:
    found = PART.findall(chunk)
    parts = tuple(part if is_spaceless(part) else part[:LONGEST_WORD] for part in found)
    if not parts:
        return None
    symbol = len(chunk) == 1 and not chunk.isalnum()
    return Word(parts, _signed_part(chunk), symbol)


def _signed_part(chunk: str) -> str:
    """Return the first part that ends with + or #, with its sign, or ""."""
    sign = SIGN.search(chunk)
    if sign is None:
        return ""
    part = PART.findall(chunk, max(0, sign.start() - LONGEST_WORD), sign.start())[-1]
    return str(part + sign[0])[-LONGEST_WORD:]


def _with_readable_host(url: str) -> str:
    link = read_link(url)
    return link.address.replace(link.host, idna_to_unicode(link.host), 1) if link else url


def is_spaceless(part: str) -> bool:
    return FIRST_SPACELESS.match(part) is not None


def grams(part: str, size: int) -> list[str]:
    """Return every `size` characters that follow one another."""
    return [part[at : at + size] for at in range(len(part) - size + 1)]


@lru_cache(maxsize=20_000)
def forms_of(part: str) -> tuple[str, ...]:
    """Return a word and its English stem: "voting" and "vote"."""
    stem = _stemmer().stemWord(part) if part.isascii() else part
    return (part,) if stem == part else (part, stem)


@lru_cache(maxsize=20_000)
def terms_of(part: str) -> tuple[str, ...]:
    """Return the terms of a part that has no spaceless characters: its forms, and those of its pieces.

    The pieces are letters and digits, so "gpt4" is also found as "gpt 4".
    """
    pieces = LETTERS_OR_DIGITS.findall(part)
    return tuple({form: None for piece in (part, *pieces) for form in forms_of(piece)})
