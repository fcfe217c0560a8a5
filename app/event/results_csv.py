"""The results as CSV (RFC 4180), in which no cell starts a formula of a spreadsheet."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable

from app.event.standings import Standing

COLUMNS = (
    *("place", "project_id", "title", "url", "authors", "track"),
    *("upvotes", "downvotes", "score", "voters"),
)
FORMULA_STARTS = "=+-@\N{MINUS SIGN}"
# Where commas are decimal marks, spreadsheets divide lines at semicolons, and quotes do not keep them
# from that, since a line does not begin with one.
SEPARATORS = re.compile(r"(?<=[;|\t\r\n])")


def write_csv(standings: Iterable[Standing]) -> bytes:
    """Return the rows below a header, in UTF-8. Texts are quoted where they must be; numbers never."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for standing in standings:
        row = row_of(standing)
        writer.writerow([row[0], row[1], *map(as_text, row[2:6]), *row[6:]])
    return text.getvalue().encode()


def row_of(standing: Standing) -> tuple[int, int, str, str, str, str, int, int, int, int]:
    return (
        standing.place,
        standing.project_id,
        standing.title,
        standing.url or "",
        ", ".join(standing.authors),
        standing.track or "",
        standing.upvotes,
        standing.downvotes,
        standing.score,
        standing.voters,
    )


def as_text(cell: str) -> str:
    """Return the text with an apostrophe in front of whatever a spreadsheet would calculate."""
    return "".join(
        f"'{part}" if _starts_formula(part) else part for part in SEPARATORS.split(cell) if part
    )


def _starts_formula(text: str) -> bool:
    """Return whether the text begins with =, +, - or @, in any width, or with a tab or a break."""
    if text[0] in "\t\r\n":
        return True
    start = unicodedata.normalize("NFKC", text.lstrip()[:1])
    return start != "" and start[0] in FORMULA_STARTS
