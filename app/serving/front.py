"""What stands in front of the Quart app, in the order in which a request meets it."""

from functools import partial

from quart import Quart

from app.main import end_streams
from app.projects.list_door import ListDoor
from app.serving.drain import Drain
from app.settings import Settings
from app.voting.door import FastDoor
from app.voting.fragment import vote_box_renderer
from app.web.asset_door import AssetDoor
from app.web.front_pages import FrontPages
from app.web.gate import Gate
from app.web.proxies import BehindProxies


def put_in_front(app: Quart, settings: Settings) -> tuple[Drain, FastDoor]:
    """The ASGI app for the server, and the fast door for its connections."""
    pages = FrontPages(ListDoor(app))
    gate = Gate(AssetDoor(pages), settings.allowed_hosts)
    proxies = BehindProxies(gate, settings.trusted_proxies)
    drain = Drain(proxies if settings.trusted_proxies else gate, partial(end_streams, app))
    return drain, FastDoor(app, vote_box_renderer(app), gate, proxies, pages)
