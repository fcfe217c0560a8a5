"""/admin/tracks: add, rename and remove tracks; admins only."""

from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.drafts.form_drafts import SENT_TO, form_done, read_draft
from app.accounts.guard import require_admin
from app.board import change_tracks
from app.board.change_tracks import BadTrack
from app.board.tracks import queries
from app.services import board, services

blueprint = Blueprint("tracks_page", __name__, url_prefix="/admin")

PAGE = "/admin/tracks"


@blueprint.get("/tracks")
async def tracks_page() -> str:
    admin = await require_admin(PAGE)
    draft = await read_draft(admin.id, PAGE)
    slug = draft.get(SENT_TO, "").removeprefix(f"{PAGE}/")
    is_change = slug in {track.slug for track in board().tracks}
    form = draft | {"changed": slug} if is_change else draft
    return await _page(form, {}, restored=bool(draft))


@blueprint.post("/tracks")
async def add() -> ResponseReturnValue:
    admin = await require_admin(PAGE)
    form = (await request.form).to_dict()
    try:
        await change_tracks.add_track(board(), admin.id, form.get("slug", ""), form.get("name", ""))
    except BadTrack as error:
        return await _page(form, {error.field: str(error)}), 422
    await form_done(admin.id, PAGE)
    await flash("Track added.")
    return redirect(PAGE, 303)


@blueprint.post("/tracks/<slug>")
async def change(slug: str) -> ResponseReturnValue:
    """Rename or remove a track; an error is shown beside it."""
    admin = await require_admin(PAGE)
    form = (await request.form).to_dict()
    try:
        await flash(await _change(admin.id, slug, form))
    except BadTrack as error:
        if error.field == "slug":
            abort(404, str(error))
        return await _page({"changed": slug, **form}, {error.field: str(error)}), 422
    await form_done(admin.id, PAGE)
    return redirect(PAGE, 303)


async def _change(admin_id: int, slug: str, form: dict[str, str]) -> str:
    match form.get("action"):
        case "rename":
            await change_tracks.rename_track(board(), admin_id, slug, form.get("name", ""))
            return "Track renamed."
        case "remove":
            moved = await change_tracks.remove_track(board(), admin_id, slug, form.get("to", ""))
            return f"Track removed. {moved:,} projects were moved." if moved else "Track removed."
    abort(422, "There is no such action. Use one of: rename, remove.")


async def _page(form: dict[str, str], errors: dict[str, str], *, restored: bool = False) -> str:
    tracks = await queries.select_counted_tracks(services().db)
    return await render_template(
        "event/tracks.html", tracks=tracks, form=form, errors=errors, restored=restored
    )
