"""Times as organisers write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.board.times import format_time, parse_time

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "text",
    ["2026-12-01 18:00", "2026-12-01T18:00:00", "2026-12-01T17:00:00Z", "2026-12-01 19:00+02:00"],
)
def test_a_time_without_an_offset_is_in_the_zone_of_the_board(text):
    assert parse_time(text, BERLIN) == datetime(2026, 12, 1, 17, tzinfo=UTC)


def test_a_time_that_clocks_skip_is_refused():
    with pytest.raises(ValueError, match="no such time in Europe/Berlin"):
        parse_time("2027-03-28 02:30", BERLIN)


def test_a_time_that_comes_twice_is_refused_and_both_are_named():
    with pytest.raises(ValueError, match=r"02:30:00\+02:00 or .*02:30:00\+01:00"):
        parse_time("2026-10-25 02:30", BERLIN)
    assert parse_time("2026-10-25T02:30:00+02:00", BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["tomorrow", "18:00", "2026-13-01 00:00", "0001-01-01 00:00"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="Give a time"):
        parse_time(text, BERLIN)


def test_a_time_that_is_shown_can_be_read_again():
    for time in (datetime(2026, 12, 1, 17, tzinfo=UTC), datetime(2026, 12, 1, 17, 0, 2, 345_000, UTC)):
        assert parse_time(format_time(time, BERLIN), BERLIN) == time
