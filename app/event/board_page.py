"""/admin/board: what an organiser sets while the board runs; admins only."""

from collections.abc import Mapping
from datetime import timedelta

from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue
from werkzeug.exceptions import Conflict, ServiceUnavailable

from app.accounts.drafts.form_drafts import form_done, read_draft
from app.accounts.guard import require_admin
from app.board.change import BadBoard, NothingSecret, change_board, reveal
from app.board.queries import select_board_settings
from app.board.settings import KEYS, BoardSettings
from app.errors import RETRY_SECONDS, ChangedMeanwhile, VotesUnavailable
from app.event.board_form import (
    changed_meanwhile,
    changed_texts,
    field_texts,
    marks,
    merged,
)
from app.event.board_words import change_words, state_words
from app.services import board

blueprint = Blueprint("board_page", __name__, url_prefix="/admin")

PAGE = "/admin/board"
EXTENSIONS = (5, 15, 60)  # minutes
NOTHING_CHANGED = (
    "Redis does not answer, and votes depend on what you change here. Nothing has changed; try again."
)
NOTHING_TO_SAVE = "Nothing changed: the board has these values already."
CHANGED_MEANWHILE = (
    "Another admin has changed the board since you opened its page, so this was not done. "
    "Open the page again and look at what holds now."
)


@blueprint.get("/board")
async def board_page() -> str:
    admin = await require_admin(PAGE)
    await _learn()
    draft = await read_draft(admin.id, PAGE)
    form = merged(draft, board().settings) if draft else field_texts(board().settings)
    return await _page(form, {}, draft=draft)


@blueprint.post("/board")
async def save() -> ResponseReturnValue:
    """Set what the form changes, all of it or nothing; answer with the form if something is wrong."""
    admin = await require_admin(PAGE)
    form = (await request.form).to_dict()
    now = await _learn()
    texts = changed_texts(form, now)
    try:
        if _revision(form) != now.revision and changed_meanwhile(form, now):
            raise ChangedMeanwhile
        after = await _change(admin.id, texts, now.revision)
    except BadBoard as error:
        return await _page(field_texts(now) | form, error.errors), 422
    except ServiceUnavailable as error:
        page = await _page(field_texts(now) | form, {"form": NOTHING_CHANGED})
        return page, 503, {"Retry-After": str(error.retry_after)}
    except ChangedMeanwhile:
        now = await _learn()
        theirs = changed_meanwhile(form, now)
        return await _page(merged(form, now), {}, theirs=theirs), 409
    await form_done(admin.id, PAGE)
    changed = [key for key in KEYS if getattr(now, key) != getattr(after, key)]
    await flash(change_words(board(), changed) if changed else NOTHING_TO_SAVE)
    return redirect(PAGE, 303)


@blueprint.post("/board/now")
async def at_once() -> ResponseReturnValue:
    """Open voting, close it, extend it, or keep revealed tallies secret again, without the form."""
    admin = await require_admin(PAGE)
    form = await request.form
    now = await _learn()
    texts = _texts_at_once(form.get("action", ""), form.get("minutes", ""), now)
    try:
        await _change(admin.id, texts, _revision(form))
    except BadBoard as error:
        raise Conflict(" ".join([*error.errors.values(), "Nothing has changed."])) from None
    except ChangedMeanwhile:
        raise Conflict(CHANGED_MEANWHILE) from None
    await flash(change_words(board(), list(texts)))
    return redirect(PAGE, 303)


@blueprint.get("/board/reveal")
async def reveal_page() -> str:
    await require_admin(f"{PAGE}/reveal")
    possible = (await _learn()).can_be_revealed
    return await render_template("event/reveal.html", state=state_words(board()), possible=possible)


@blueprint.post("/board/reveal")
async def reveal_results() -> ResponseReturnValue:
    """Show everybody the tallies; the form comes from the page that asks whether to do that."""
    admin = await require_admin(f"{PAGE}/reveal")
    if (await request.form).get("confirm") != "yes":
        return redirect(f"{PAGE}/reveal", 303)
    try:
        await reveal(board(), admin.id)
    except NothingSecret as error:
        raise Conflict(str(error)) from None
    await flash("The results are revealed: everybody sees the tallies now.")
    return redirect(PAGE, 303)


def _texts_at_once(action: str, minutes: str, now: BoardSettings) -> dict[str, str]:
    """Return what to set for a button; answer 422 or 409 to one that the page does not offer now."""
    phase = board().voting_phase()
    match action:
        case "open" if phase == "before":
            return {"vote_from": "now"}
        case "close" if phase == "open":
            return {"vote_until": "now"}
        case "extend" if now.vote_until and minutes in map(str, EXTENSIONS):
            until = max(now.vote_until, board().now()) + timedelta(minutes=int(minutes))
            return {"vote_until": until.isoformat()}
        case "hide" if now.tallies == "after_reveal" and now.revealed_at:
            return {"tallies": "after_reveal"}
        case "open" | "close" | "extend" | "hide":
            raise Conflict("This cannot be done now: the board has changed since you opened the page.")
    abort(422, "There is no such action. Use one of: open, close, extend, hide.")


async def _change(admin_id: int, texts: Mapping[str, str], revision: int) -> BoardSettings:
    try:
        return await change_board(board(), admin_id, texts, made_from=revision)
    except VotesUnavailable:
        if (await _learn()).revision != revision:  # Redis went away after the change was stored
            return board().settings
        raise ServiceUnavailable(NOTHING_CHANGED, retry_after=RETRY_SECONDS) from None


async def _learn() -> BoardSettings:
    """Return the settings as PostgreSQL has them, which this process obeys from now on."""
    board().learn(board().resolve(await select_board_settings(board().db)))
    return board().settings


def _revision(form: Mapping[str, str]) -> int:
    text = form.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


async def _page(
    form: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    theirs: list[str] | None = None,
    draft: Mapping[str, str] | None = None,
) -> str:
    """Return the page; with a draft, the form says what the draft was made from."""
    settings = board().settings
    fresh = {"revision": str(settings.revision), "marks": marks(settings)}
    origin = {name: draft.get(name, "") for name in fresh} if draft else fresh
    return await render_template(
        "event/board.html",
        form=form,
        errors=errors,
        theirs=theirs,
        restored=bool(draft),
        origin=origin,
        shown=field_texts(settings),
        state=state_words(board()),
        phase=board().voting_phase(),
        extensions=EXTENSIONS,
        local_now=board().now().astimezone(settings.zone),
    )
