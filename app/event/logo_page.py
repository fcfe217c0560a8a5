"""The logo and the accent: uploaded and removed at /admin/board, and served to everybody."""

import re

from quart import Blueprint, Response, abort, flash, redirect, request
from quart.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge, UnprocessableEntity

from app.accounts.guard import require_admin
from app.board.bad_picture import BadPicture
from app.board.change import set_logo
from app.board.colours import TooFaint, accent_css
from app.board.logo import MAX_BYTES, TYPE, read_picture
from app.board.queries import select_logo
from app.services import board
from app.web.assets import IMMUTABLE
from app.web.body_limits import LARGE_BODIES, LOGO_PATH
from app.web.strangers import open_to_strangers

blueprint = Blueprint("logo_page", __name__)

DIGEST = re.compile("[0-9a-f]{1,64}")

# A picture cannot be run, but some browsers show one that is opened by itself as a document.
PICTURE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


@blueprint.post(LOGO_PATH)
async def upload() -> ResponseReturnValue:
    """Store the picture of a multipart form, or remove the logo."""
    admin = await require_admin("/admin/board")
    if (await request.form).get("action") == "remove":
        await set_logo(board(), admin.id, None)
        await flash("The logo is removed.")
        return redirect("/admin/board", 303)
    file = (await request.files).get("picture")
    content = file.read(MAX_BYTES + 1) if file else b""
    if len(content) > MAX_BYTES:
        raise RequestEntityTooLarge(LARGE_BODIES[LOGO_PATH].message)
    try:
        picture = await read_picture(content)
    except BadPicture as error:
        raise UnprocessableEntity(f"{error} Nothing has changed.") from None
    await set_logo(board(), admin.id, picture)
    await flash("The logo is in the header of every page now.")
    return redirect("/admin/board", 303)


@blueprint.get("/board/logo/<digest>.webp")
@open_to_strangers
async def logo(digest: str) -> Response:
    picture = await select_logo(board().db, digest) if DIGEST.fullmatch(digest) else None
    if picture is None:
        abort(404)
    headers = {"Cache-Control": IMMUTABLE, "Content-Security-Policy": PICTURE_POLICY}
    return Response(picture, 200, headers, content_type=TYPE)


@blueprint.get("/board/accent-<colour>.css")
@open_to_strangers
async def accent(colour: str) -> Response:
    """Return the tones of a colour, which pages name with a digest of this answer."""
    if len(colour) != 6 or not set(colour) <= set("0123456789abcdef"):
        abort(404)
    try:
        css = accent_css(f"#{colour}")
    except TooFaint:
        abort(404)
    return Response(css, 200, {"Cache-Control": IMMUTABLE}, content_type="text/css; charset=utf-8")
