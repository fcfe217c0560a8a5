"""GET /results, /results.csv, /results.svg: the results for people, spreadsheets and slides."""

from collections.abc import Sequence
from dataclasses import dataclass

from quart import Blueprint, Response, render_template, request

from app.board.tracks import Track
from app.event.picture import picture_of
from app.event.results import Results, state_of
from app.event.results_csv import write_csv
from app.event.secret import require_tallies, until_when
from app.event.standings import Standing
from app.event.state import event
from app.projects.tracks import chosen_track
from app.services import board

blueprint = Blueprint("results", __name__)

# Rows of a table on the page, alone and beside others. The files have all.
MAX_ROWS = 1_000
MAX_ROWS_BESIDE_OTHERS = 100
ACCENT = "#0b6e4f"  # the green of static/css/tokens.css
NEVER_STORED = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class Table:
    """A table of the page; `left_out` is how many more projects it would have."""

    id: str
    title: str
    slug: str | None
    rows: Sequence[Standing]
    left_out: int


@blueprint.get("/results")
async def results_page() -> str:
    await require_tallies()
    results = await event().results(_track())
    return await render_template(
        "event/results.html",
        results=results,
        state=state_of(results, board()),
        tables=_tables(results),
        shows_downvotes=board().settings.downvotes or results.has_downvotes,
        secret_until=until_when(board()) if board().is_secret() else None,
    )


@blueprint.get("/results.csv")
async def results_csv() -> Response:
    await require_tallies()
    results = await event().results(_track())
    headers = {
        "Content-Disposition": f'attachment; filename="{_file_name(results)}.csv"'
    } | NEVER_STORED
    content_type = "text/csv; charset=utf-8; header=present"
    return Response(await write_csv(results.standings), 200, headers, content_type=content_type)


@blueprint.get("/results.svg")
async def results_svg() -> Response:
    await require_tallies()
    results = await event().results(_track())
    picture = await render_template(
        "event/results.svg",
        picture=picture_of(results, board()),
        state=state_of(results, board()),
        accent=board().settings.accent or ACCENT,
    )
    headers = {"Content-Disposition": f'inline; filename="{_file_name(results)}.svg"'} | NEVER_STORED
    return Response(picture, 200, headers, content_type="image/svg+xml; charset=utf-8")


def _track() -> Track | None:
    """Return the track that was asked for; "" stands for all projects, as in a form."""
    return chosen_track(request.args.get("track"))


def _file_name(results: Results) -> str:
    parts = ["results", results.track.slug if results.track else "", state_of(results, board())]
    return "-".join(part.replace(" ", "-") for part in parts if part)


def _tables(results: Results) -> list[Table]:
    if results.track is not None:
        return [_table(results.track.name, results.track.slug, results.standings, MAX_ROWS)]
    if not results.tracks:
        return [_table("All projects", None, results.standings, MAX_ROWS)]
    tables = [_table("All projects", None, results.standings, MAX_ROWS_BESIDE_OTHERS)]
    for track in results.tracks:
        rows = results.of_track(track.slug)
        tables.append(_table(track.name, track.slug, rows, MAX_ROWS_BESIDE_OTHERS))
    return tables


def _table(title: str, slug: str | None, rows: Sequence[Standing], most: int) -> Table:
    name = f"track-{slug}" if slug else "all-projects"
    return Table(name, title, slug, rows[:most], max(0, len(rows) - most))
