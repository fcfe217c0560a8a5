"""GET /screen: the standings for a projector, live, or revealed place by place."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zlib import crc32

from quart import Blueprint, Response, render_template, request

from app.accounts.guard import require_admin
from app.event.live_standings import ROWS
from app.event.qr_code import qr_code
from app.event.results import state_of
from app.event.standings import Standing, by_place
from app.event.state import event
from app.projects.tracks import chosen_track
from app.services import board
from app.web.public_address import public_address
from app.web.turns import in_turns

blueprint = Blueprint("screen", __name__)


@dataclass(frozen=True)
class Group:
    """Projects that share a place; `left_out` is how many more do than fit on a screen."""

    place: int
    rows: Sequence[Standing]
    left_out: int


@blueprint.get("/screen")
async def screen() -> str:
    slug = request.args.get("track") or None
    reveals = request.args.get("reveal") == "1"
    if reveals:
        await require_admin()
    track = chosen_track(slug)
    address = f"{public_address()}/" + (f"?track={slug}" if slug else "")
    return await render_template(
        "event/screen.html",
        track=track,
        reveals=reveals,
        qr_code=qr_code(address),
        **({} if reveals else await _rows(slug)),
    )


@blueprint.get("/screen/rows")
async def screen_rows() -> Response:
    """Return the fragment that a screen asks for every second."""
    slug = request.args.get("track") or None
    chosen_track(slug)
    return Response(await render_template("event/_screen_rows.html", **await _rows(slug)))


@blueprint.get("/screen/places")
async def screen_places() -> Response:
    """Return all places, the last first, for the screen that reveals them; only for admins.

    They come from PostgreSQL, as the results do.
    """
    await require_admin("/screen?reveal=1")
    results = await event().results(chosen_track(request.args.get("track")))
    groups = await in_turns(_group(rows) for rows in reversed(by_place(results.standings)))
    page = await render_template(
        "event/_screen_places.html", groups=groups, results=results, state=state_of(results, board())
    )
    return Response(page)


async def _rows(slug: str | None) -> dict[str, object]:
    """Return what the rows of a screen show.

    While tallies are secret, they are so on every screen, also on that of an admin: many people see it.
    """
    secret, live = board().is_secret(), event().live
    rows = await (live.shuffled(slug) if secret else live.best_first(slug))
    return {"rows": rows, "secret": secret, "settings_digest": _settings_digest()}


def _settings_digest() -> str:
    """Return a text that changes with the board's settings, for screens that load the page again."""
    settings = replace(board().settings, revision=0, revealed_at=None)
    return f"{crc32(repr(settings).encode()):08x}"


def _group(rows: Sequence[Standing]) -> Group:
    shown = rows if len(rows) <= ROWS else rows[: ROWS - 1]
    return Group(rows[0].place, shown, len(rows) - len(shown))
