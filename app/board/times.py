"""Times as organisers write and read them: in the board's time zone, to the minute or the second."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EXPECTED = "Give a time such as 2026-12-01 18:00, 2026-12-01T18:00:00Z, or “now”, or nothing for none."


def parse_time(text: str, zone: ZoneInfo) -> datetime:
    """Return a time in UTC and whole milliseconds; without an offset it is in `zone`.

    Raises ValueError, also for a time that a change of clocks skips or repeats.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(EXPECTED) from None
    if not 2000 <= time.year < 2200:
        raise ValueError("Give a time between the years 2000 and 2199.")
    if time.tzinfo is None:
        time = _in_zone(time, zone)
    time = time.astimezone(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def _in_zone(time: datetime, zone: ZoneInfo) -> datetime:
    earlier, later = time.replace(tzinfo=zone, fold=0), time.replace(tzinfo=zone, fold=1)
    if earlier.utcoffset() == later.utcoffset():
        return earlier
    if _round_trip(earlier) == time:
        offsets = f"{earlier.isoformat()} or {later.isoformat()}"
        raise ValueError(
            f"This time comes twice in {zone.key}, where clocks are set back then. Write {offsets}."
        )
    raise ValueError(
        f"There is no such time in {zone.key}, where clocks are set forward then. "
        f"Write one an hour earlier or later."
    )


def _round_trip(time: datetime) -> datetime:
    return time.astimezone(UTC).astimezone(time.tzinfo).replace(tzinfo=None, fold=0)


def format_time(time: datetime | None, zone: ZoneInfo) -> str:
    """Return a time as organisers read it, with its offset: 2026-12-01 18:00 +01:00; "" for None."""
    if time is None:
        return ""
    local = time.astimezone(zone)
    exact = timedelta(seconds=local.second, microseconds=local.microsecond)
    clock = local.isoformat(" ", "milliseconds" if exact.microseconds else "seconds")
    return f"{local:%Y-%m-%d %H:%M} {local.isoformat()[-6:]}" if not exact else clock
