"""GET /feed.atom?sort=…&t=…: a list as an Atom feed (RFC 4287), the same for everyone."""

import re

from quart import Blueprint, Response, abort, render_template, request

from app.projects.lists import ranked_page
from app.projects.orders import ORDERS, WINDOWS
from app.web.conditional import conditional

blueprint = Blueprint("feeds", __name__)

CACHE_SECONDS = 60
# The characters that XML 1.0 does not allow, not even escaped.
INVALID_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@blueprint.get("/feed.atom")
async def feed() -> Response:
    sort, window = request.args.get("sort", "new"), request.args.get("t", "all")
    if sort not in ORDERS or window not in WINDOWS:
        abort(404, "There is no such list. Choose one of: " + ", ".join(ORDERS) + ".")
    page = await ranked_page(sort, window, None, None)
    body = INVALID_XML.sub(
        "",
        await render_template(
            "feeds/feed.xml",
            projects=page.rows,
            root=request.host_url.rstrip("/"),
            sort=sort,
            window=window,
            label=ORDERS[sort].label,
            updated=max((row.changed_at for row in page.rows), default=None),
        ),
    )
    caching = f"public, max-age={CACHE_SECONDS}"
    return conditional(body.encode(), "application/atom+xml; charset=utf-8", Cache_Control=caching)
