"""Ages and counts are written as people write them, and are never rounded up."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.web.formatting import age, compact, ordinal

NOW = datetime(2026, 10, 27, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("elapsed", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=5, seconds=59), "5 minutes ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=3, minutes=50), "3 hours ago"),
        (timedelta(hours=24), "1 day ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=29, hours=23), "29 days ago"),
        (timedelta(days=30), "1 month ago"),
        (timedelta(days=125), "4 months ago"),
        (timedelta(days=365), "1 year ago"),
        (timedelta(days=800), "2 years ago"),
    ],
)
def test_age_is_the_largest_whole_unit(elapsed: timedelta, words: str) -> None:
    assert age(NOW - elapsed, NOW) == words


def test_a_moment_in_the_future_is_just_now() -> None:
    assert age(NOW + timedelta(seconds=2), NOW) == "just now"
    assert age(NOW + timedelta(days=400), NOW) == "just now"


def test_age_compares_moments_of_different_zones() -> None:
    east = (NOW - timedelta(hours=3)).astimezone(timezone(timedelta(hours=9)))
    assert age(east, NOW) == "3 hours ago"


def test_age_counts_from_the_present_by_default() -> None:
    assert age(datetime.now(UTC) - timedelta(minutes=5, seconds=1)) == "5 minutes ago"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0"),
        (7, "7"),
        (999, "999"),
        (1_000, "1k"),
        (1_234, "1.2k"),
        (9_999, "9.9k"),
        (10_000, "10k"),
        (12_345, "12k"),
        (999_999, "999k"),
        (1_000_000, "1M"),
        (1_250_000, "1.2M"),
        (25_000_000, "25M"),
        (-1, "\u22121"),
        (-1_234, "\u22121.2k"),
    ],
)
def test_compact_shortens_numbers(number: int, words: str) -> None:
    assert compact(number) == words


def test_compact_never_rounds_up() -> None:
    assert compact(1_999) == "1.9k"
    assert compact(-1_999) == "\u22121.9k"


def test_ordinals_have_their_english_endings() -> None:
    expected = {
        1: "1st",
        2: "2nd",
        3: "3rd",
        4: "4th",
        11: "11th",
        13: "13th",
        22: "22nd",
        111: "111th",
    }
    assert {number: ordinal(number) for number in expected} == expected
    assert ordinal(1_000) == "1,000th"
