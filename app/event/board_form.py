"""The form of /admin/board: its texts, what an admin changed in it, and what others did meanwhile."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from app.board.settings import KEYS, TIMES, BoardSettings
from app.board.show import show_value
from app.board.times import format_time, parse_time
from app.texts import clean_line, clean_paragraphs
from app.web import form_marks


def field_texts(board: BoardSettings) -> dict[str, str]:
    """Return the text of each field. Times are in the board's time zone."""
    return {
        key: _time_text(getattr(board, key), board.zone) if key in TIMES else show_value(board, key)
        for key in KEYS
    }


def changed_texts(form: Mapping[str, str], board: BoardSettings) -> dict[str, str]:
    """Return the fields of a form that say something else than the board does."""
    shown = field_texts(board)
    typed = {key: _clean(key, form[key]) for key in KEYS if key in form}
    return {key: text for key, text in typed.items() if text != shown[key]}


def marks(board: BoardSettings) -> str:
    """Return a short mark of each field's text, by which a form says later what it was made from."""
    return form_marks.marks(field_texts(board))


def changed_meanwhile(form: Mapping[str, str], board: BoardSettings) -> list[str]:
    """Return the keys that have another value than when the form was made."""
    return form_marks.changed_meanwhile(form, field_texts(board))


def merged(form: Mapping[str, str], board: BoardSettings) -> dict[str, str]:
    """Return what the fields show after a conflict: what was typed, else what others have set."""
    return form_marks.merged(form, field_texts(board), _clean)


def _time_text(time: datetime | None, zone: ZoneInfo) -> str:
    """Return a time without its offset, where that says which time is meant."""
    if time is None:
        return ""
    local = time.astimezone(zone).replace(tzinfo=None)
    exact = "milliseconds" if local.microsecond else "seconds"
    text = local.isoformat(" ", exact if local.second or local.microsecond else "minutes")
    try:
        is_clear = parse_time(text, zone) == time
    except ValueError:  # clocks are set back then
        is_clear = False
    return text if is_clear else format_time(time, zone)


def _clean(key: str, text: str) -> str:
    return clean_paragraphs(text) if key == "welcome" else clean_line(text)
