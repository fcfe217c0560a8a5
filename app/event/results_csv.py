"""The results as CSV (RFC 4180), in which no cell starts a formula of a spreadsheet."""

from collections.abc import Iterable
from itertools import chain

from app.event.standings import Standing
from app.web.spreadsheet import csv_in_turns

COLUMNS = (
    *("place", "project_id", "title", "url", "authors", "track"),
    *("upvotes", "downvotes", "score", "voters"),
)


async def write_csv(standings: Iterable[Standing]) -> bytes:
    """Return the rows below a header, in UTF-8."""
    return await csv_in_turns(chain([COLUMNS], map(row_of, standings)))


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
