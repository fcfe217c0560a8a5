"""GET /embed/<id>: one project's title and score, for an iframe on another site.

The page is the same for everyone: it reads no cookie, runs no script and takes no vote. Its buttons are
links that open the project on the board, where a click is the visitor's own and not one that the
framing site has steered.
"""

from quart import Blueprint, Response, abort, render_template

from app.errors import UnknownProject
from app.projects.lists import find_row
from app.services import services

blueprint = Blueprint("embed", __name__)

# A count may be so old: one answer then serves many readers, with any cache in front.
KEPT_SECONDS = 30
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"


@blueprint.get("/embed/<id:project_id>")
async def embed(project_id: int) -> Response:
    """The card; 404 without EMBED_ANCESTORS, and as a card for a project that is not there."""
    ancestors = services().settings.embed_ancestors
    if ancestors is None:
        abort(404)
    try:
        row = await find_row(project_id, None)
    except UnknownProject:
        row = None
    html = await render_template("embed/show.html", project=row)
    headers = {
        "Content-Security-Policy": f"{POLICY}; frame-ancestors {ancestors}",
        "Cache-Control": f"public, max-age={KEPT_SECONDS}",
    }
    return Response(html, 200 if row else 404, headers)
