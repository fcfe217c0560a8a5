"""GET /embed/upvote.js: the vote button for pages of other sites, as one module without imports.

tools/button_module.py writes it from the modules under app/static/js, of which the board's own button
uses half, so both have the same rules. Any site may read it: it is only code, and tells nothing about
the board but how long its buttons wait.
"""

from functools import cache

from quart import Blueprint, Response

from app.services import services
from app.storage.timeouts import BUTTON_SECONDS
from app.web.assets import ASSETS, Asset, answer_asset, make_asset
from app.web.strangers import open_to_strangers

blueprint = Blueprint("button_module", __name__)

SOURCE = "embed/upvote.js"
# At the address without a digest a browser asks again after this time (s).
STABLE = "public, max-age=300"


@blueprint.get("/embed/upvote.js")
@open_to_strangers
async def button_module() -> Response:
    """Return the module: cached for ever if the address has its digest, else checked again soon."""
    settings = services().settings
    response = answer_asset(make_module(settings.debounce_delay, settings.min_vote_interval), STABLE)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@cache
def make_module(debounce_delay: int, min_vote_interval: int) -> Asset:
    """Return the module of a board with these settings (ms)."""
    content = ASSETS[SOURCE].content
    for name, value in (
        (b"DEBOUNCE_DELAY", debounce_delay),
        (b"MIN_VOTE_INTERVAL", min_vote_interval),
        (b"BUTTON_TIME", int(BUTTON_SECONDS * 1000)),
    ):
        content = content.replace(name, b"%d" % value)
    return make_asset(SOURCE, content)
