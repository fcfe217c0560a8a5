"""GET /robots.txt: search engines may read a public board, and nothing of a private one."""

from quart import Blueprint, Response

from app.services import board
from app.web.strangers import open_to_strangers

blueprint = Blueprint("robots", __name__)


@blueprint.get("/robots.txt")
@open_to_strangers
async def robots() -> Response:
    rule = "Disallow: /" if board().is_private() else "Allow: /"
    headers = {"Cache-Control": "no-cache"}
    return Response(f"User-agent: *\n{rule}\n", 200, headers, content_type="text/plain; charset=utf-8")
