"""Checks what an organiser gives to the board's settings; each error says what was expected."""

import re
from datetime import datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo, available_timezones

from app.board.colours import TooFaint, accent_css
from app.board.settings import KEYS, TIMES, BoardSettings, Registration, Tallies
from app.board.times import parse_time
from app.texts import clean_line, clean_paragraphs

LONGEST = {"name": 60, "tagline": 120, "welcome": 5_000}
MOST = {"min_downvote_age": 31_536_000, "budget": 10_000}
YES = {"yes": True, "no": False}
CHOICES = {"registration": get_args(Registration), "tallies": get_args(Tallies)}
# An end cannot be in the past, since votes and projects may have come in since. A beginning can.
ENDS = ("submit_until", "vote_until")


class BadValue(Exception):
    """A value that was refused; the message says what was expected."""


def parse_value(key: str, text: str, board: BoardSettings, now: datetime) -> Any:
    """Return the value that `text` gives to a key; None: the default. Raises BadValue.

    Times without an offset are in the timezone of `board`; the time "now" is `now`,
    but keeps an end of voting that has passed.
    """
    if key in TIMES:
        return _parse_time(key, text, board, now)
    text = clean_paragraphs(text) if key == "welcome" else clean_line(text)
    if not text:
        return None
    return _PARSERS[key](key, text)


def _parse_time(key: str, text: str, board: BoardSettings, now: datetime) -> datetime | None:
    text = clean_line(text)
    if text in ("", "none"):
        return None
    if text == "now":
        return _now(key, board, now)
    try:
        time = parse_time(text, ZoneInfo(board.timezone))
    except ValueError as error:
        raise BadValue(str(error)) from None
    if key in ENDS and time <= now and time != getattr(board, key):
        raise BadValue("This time is in the past. Give a time in the future, or “now”.")
    return time


def _now(key: str, board: BoardSettings, now: datetime) -> datetime:
    """Return `now`; for the end of voting that end where it has passed, since a later one would mean
    that voting had been open again.
    """
    end = board.vote_until
    return end if key == "vote_until" and end is not None and end <= now else now


def _text(key: str, text: str) -> str:
    if len(text) > LONGEST[key]:
        raise BadValue(f"Use at most {LONGEST[key]:,} characters. It has {len(text):,} now.")
    return text


def _timezone(_: str, text: str) -> str:
    if text not in available_timezones():
        raise BadValue(f"There is no time zone {text!r}. Use a name such as Europe/Berlin or UTC.")
    return text


def _yes_no(_: str, text: str) -> bool:
    if text not in YES:
        raise BadValue("Use yes or no.")
    return YES[text]


def _choice(key: str, text: str) -> str:
    if text not in CHOICES[key]:
        raise BadValue(f"Use one of: {', '.join(CHOICES[key])}.")
    return text


def _number(key: str, text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) > MOST[key]:
        raise BadValue(f"Use a whole number from 0 to {MOST[key]:,}.")
    return int(text)


def _accent(_: str, text: str) -> str:
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        raise BadValue("Use a colour such as #0a7d4f: # and six digits from 0 to f.")
    try:
        accent_css(text.lower())
    except TooFaint as error:
        raise BadValue(str(error)) from None
    return text.lower()


_PARSERS = {
    "name": _text, "tagline": _text, "welcome": _text,
    "timezone": _timezone, "accent": _accent,
    "private": _yes_no, "downvotes": _yes_no, "self_votes": _yes_no,
    "registration": _choice, "tallies": _choice,
    "min_downvote_age": _number, "budget": _number,
}  # fmt: skip
assert set(_PARSERS) | set(TIMES) == set(KEYS)
