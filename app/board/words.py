"""Times and what they mean, in words that everybody reads."""

from datetime import datetime

from app.board.board import Board

UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def when(board: Board, time: datetime | None) -> str:
    """Return a time in the board's time zone, and how far away it is.

    As in "Fri 27 Nov 2026 18:00 (Europe/Berlin, in 3 hours)".
    """
    assert time
    local = time.astimezone(board.settings.zone)
    away = distance(time, board.now())
    return f"{local:%a} {local.day} {local:%b %Y %H:%M} ({board.settings.timezone}, {away})"


def distance(time: datetime, now: datetime) -> str:
    """Return how far away a time is, in its largest whole unit: "in 3 hours", "3 hours ago"."""
    seconds = (time - now).total_seconds()
    for unit, length in UNITS:
        if count := int(abs(seconds) // length):
            span = f"{count:,} {unit}{'' if count == 1 else 's'}"
            return f"in {span}" if seconds > 0 else f"{span} ago"
    return "in less than a minute" if seconds > 0 else "just now"


def frozen_words(board: Board) -> str:
    """Return why nobody but admins submits and changes projects now; "" while submitting is open."""
    match board.submitting_phase():
        case "before" if board.settings.submit_from:
            return f"Submitting opens {when(board, board.settings.submit_from)}."
        case "ended" if end := board.settings.submitting_end:
            return f"Submitting ended {when(board, end)}."
    return ""
