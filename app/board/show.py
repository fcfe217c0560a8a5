"""The values of the board's settings as texts, which `parse` reads again."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.board.settings import KEYS, BoardSettings
from app.board.times import format_time


def show_value(board: BoardSettings, key: str) -> str:
    """Return the value of a key; "" for none. Times are in the board's time zone, with their offset."""
    value = getattr(board, key)
    if isinstance(value, datetime):
        return format_time(value, board.zone)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def show_all(board: BoardSettings) -> dict[str, str]:
    return {key: show_value(board, key) for key in KEYS}


def as_json(board: BoardSettings) -> dict[str, Any]:
    """Return the settings with JSON's types; times are in UTC."""
    return {
        key: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        for key, value in asdict(board).items()
    }
