"""Template filters that write times and counts for people."""

from datetime import UTC, datetime

# Seconds in each unit, longest first. A month has 30 days and a year 365: an age is only approximate.
UNITS = (
    ("year", 365 * 86_400),
    ("month", 30 * 86_400),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
)
MINUS = "\u2212"


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


def ordinal(number: int) -> str:
    """Return a place as an ordinal: 1st, 2nd, 3rd, 11th, 1,000th."""
    teen = number % 100 in (11, 12, 13)
    return f"{number:,}" + ("th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th"))
