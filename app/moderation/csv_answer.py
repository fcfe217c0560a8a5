"""A long list as a CSV file, read from PostgreSQL piece by piece while it is sent."""

from collections.abc import AsyncIterator, Sequence

from quart import Response

from app.pace import paced
from app.web.spreadsheet import Cell, csv_in_turns

# Rows of one statement. Between two of them no connection is held, so a slow reader blocks nobody.
CHUNK = 200

Rows = Sequence[Sequence[Cell]]


async def csv_answer(name: str, columns: Sequence[str], pages: AsyncIterator[Rows]) -> Response:
    """Return the file `name`.csv with a header. Errors of the first page are raised here.

    The other pages are read when the request is over, so they cannot ask for its services().
    """
    first: Rows = await anext(pages, [])
    response = Response(
        _pieces(columns, first, pages),
        200,
        {
            "Content-Disposition": f'attachment; filename="{name}.csv"',
            "Cache-Control": "no-store",
        },
        content_type="text/csv; charset=utf-8; header=present",
    )
    response.timeout = None  # a slow reader may take any time
    return response


async def _pieces(
    columns: Sequence[str], first: Rows, pages: AsyncIterator[Rows]
) -> AsyncIterator[bytes]:
    yield await csv_in_turns([columns, *first])
    while (rows := await _next(pages)) is not None:
        yield await csv_in_turns(rows)


async def _next(pages: AsyncIterator[Rows]) -> Rows | None:
    async with paced():
        return await anext(pages, None)
