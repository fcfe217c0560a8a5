"""A list's next page is named by a cursor: the rank and id of the last project shown."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from app.projects.queries import ORDERS, Cursor, Project
from app.web.converters import LARGEST_ID


def encode_cursor(last: Project) -> str:
    return urlsafe_b64encode(f"{last.id}~{last.rank}".encode()).decode().rstrip("=")


def decode_cursor(text: str | None, order: str) -> Cursor | None:
    """The cursor, or None for no cursor or a broken one: then the list starts at its top."""
    if not text:
        return None
    try:
        number, _, rank = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition("~")
        cursor = Cursor(ORDERS[order].parse(rank), int(number))
    except ValueError:
        return None
    return cursor if 0 < cursor.id <= LARGEST_ID else None
