"""GET /embed/<id>: one project's title and score, for an iframe on another site.

The page is the same for all readers: it reads no cookie, runs no script and accepts no vote. Its
buttons are links that open the project on the board, where the framing site cannot steer the visitor's
clicks.
"""

from quart import Blueprint, Response, abort, render_template

from app.errors import UnknownProject
from app.projects.lists import find_row
from app.services import services
from app.web.strangers import for_programs

blueprint = Blueprint("embed", __name__)

# How old a count may be: a cache in front can give one response to many readers.
CACHE_SECONDS = 30
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
)


@blueprint.get("/embed/<id:project_id>")
@for_programs()
async def embed(project_id: int) -> Response:
    """Return the card. Without EMBED_ANCESTORS it is 404; an unknown project gets a card with 404."""
    ancestors = services().settings.embed_ancestors
    if ancestors is None:
        abort(404)
    try:
        row = await find_row(project_id, None)
    except UnknownProject:
        row = None
    html = await render_template("embed/show.html", project=row)
    headers = {
        "Content-Security-Policy": f"{CONTENT_POLICY}; frame-ancestors {ancestors}",
        "Cache-Control": f"public, max-age={CACHE_SECONDS}",
    }
    return Response(html, 200 if row else 404, headers)
