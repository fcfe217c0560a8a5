"""GET /feed.atom?sort=…&t=…&track=…: a list as an Atom feed (RFC 4287), the same for everyone.

An id in a feed never changes (RFC 4287, 4.2.6), or readers show everything again. So it is made from
BASE_URL or else from the board's own id, and never from the Host of a request.
"""

import re
from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid5

from quart import Blueprint, Response, render_template, request

from app.projects.lists import ListPage, no_such_list, ranked_page
from app.projects.orders import ORDERS, SORTS, WINDOWS
from app.projects.queries import select_board_id
from app.projects.secret_lists import rests
from app.projects.tracks import chosen_track
from app.services import services
from app.web.conditional import conditional
from app.web.public_address import public_address
from app.web.strangers import for_programs

blueprint = Blueprint("feeds", __name__)

CACHE_SECONDS = 60
FEEDS = [sort for sort, _ in SORTS]  # the lists that are the same for everyone
# The characters that XML 1.0 does not allow, not even escaped.
INVALID_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@blueprint.get("/feed.atom")
@for_programs(token=True)
async def feed() -> Response:
    sort, window = request.args.get("sort") or "new", request.args.get("t") or "all"
    if sort not in FEEDS or window not in WINDOWS:
        raise no_such_list(FEEDS)
    track = chosen_track(request.args.get("track"))
    resting = rests(sort, None)
    page = ListPage([], None) if resting else await ranked_page(sort, window, None, None, track)
    body = INVALID_XML.sub(
        "",
        await render_template(
            "feeds/feed.xml",
            projects=page.rows,
            root=public_address(),
            id_of=await _ids(),
            sort=sort,
            window=window,
            track=track,
            resting=resting,
            label=ORDERS[sort].label,
            updated=max((row.changed_at for row in page.rows), default=None),
        ),
    )
    caching = f"public, max-age={CACHE_SECONDS}"
    return conditional(body.encode(), "application/atom+xml; charset=utf-8", Cache_Control=caching)


async def _ids() -> Callable[[str], str]:
    """Return a function from the path of a feed or a project to its id."""
    if base_url := services().settings.base_url:
        return lambda path: base_url + path
    return partial(_uuid, await select_board_id(services().db))


def _uuid(board_id: UUID, path: str) -> str:
    return uuid5(board_id, path).urn
