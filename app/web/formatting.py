"""Template filters that write times, counts and directions of texts for people."""

import re
from datetime import UTC, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

# Seconds in each unit, longest first. A month has 30 days and a year 365: an age is only approximate.
UNITS = (
    ("year", 365 * 86_400),
    ("month", 30 * 86_400),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
)
MINUS = "\u2212"
# Letters of Hebrew, Arabic and the other scripts that run from right to left.
RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def age(moment: datetime, now: datetime | None = None) -> str:
    """Return how long ago `moment` (timezone-aware) was, in its largest whole unit: "3 hours ago".

    Return "just now" for less than a minute, and for a time in the future (another clock runs ahead).
    """
    elapsed = ((now or datetime.now(UTC)) - moment).total_seconds()
    for unit, seconds in UNITS:
        count = int(elapsed // seconds)
        if count > 0:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def timespan(length: timedelta) -> str:
    """Return a length of time in its largest whole unit: "40 seconds", "9 minutes", "3 hours"."""
    elapsed = length.total_seconds()
    for unit, seconds in (*UNITS, ("second", 1)):
        count = int(elapsed // seconds)
        if count > 0:
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    return "0 seconds"


def within(length: timedelta) -> str:
    """Return the shortest whole number of minutes, hours or days that `length` is within."""
    minutes = max(1, ceil(length.total_seconds() / 60))
    for unit, size in (("day", 1_440), ("hour", 60), ("minute", 1)):
        if minutes >= 2 * size or size == 1:
            count = ceil(minutes / size)
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    raise AssertionError


def compact(number: int) -> str:
    """Return a short form of `number`: 999, 1.2k, 12k, 1.2M, with a typographic minus sign.

    Digits are cut off, not rounded, so a score never seems to have passed a mark that it has not
    reached. static/js/compact-number.js does the same.
    """
    sign = MINUS if number < 0 else ""
    return sign + _compact(abs(number))


def _compact(number: int) -> str:
    for letter, size in (("M", 10**6), ("k", 10**3)):
        if number >= 10 * size:
            return f"{number // size}{letter}"
        if number >= size:
            tenth = number % size * 10 // size
            return f"{number // size}.{tenth}{letter}" if tenth else f"{number // size}{letter}"
    return str(number)


def long_time(moment: datetime, zone: ZoneInfo) -> str:
    """Return a time for people: "Fri 27 Nov 2026, 18:00 CET"."""
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"


def ordinal(number: int) -> str:
    """Return a place as an ordinal: 1st, 2nd, 3rd, 11th, 1,000th."""
    teen = number % 100 in (11, 12, 13)
    return f"{number:,}" + ("th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th"))


def is_right_to_left(text: str) -> bool:
    """Return whether anything in the text runs from right to left."""
    return RIGHT_TO_LEFT.search(text) is not None


def isolated(text: str) -> str:
    """Return a text that has a direction of its own where there is no markup to say so.

    Unicode's characters for that (U+2068, U+2069) are written only where something runs from right to
    left, since some readers show them.
    """
    return f"\u2068{text}\u2069" if is_right_to_left(text) else text
