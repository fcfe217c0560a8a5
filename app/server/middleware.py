"""What stands in front of the Quart app, in the order in which a request meets it."""

from functools import partial

from quart import Quart

from app.fast.fragments import vote_box_renderer
from app.fast.member_pages import ListDoor
from app.fast.static_files import AssetDoor
from app.fast.visitor_pages import FrontPages
from app.fast.votes import FastDoor
from app.main import end_streams
from app.server.drain import Drain
from app.settings import Settings
from app.web.proxies import BehindProxies
from app.web.request_limits import RequestLimits


def put_in_front(app: Quart, settings: Settings) -> tuple[Drain, FastDoor]:
    """The ASGI app for the server, and the fast door for its connections."""
    pages = FrontPages(ListDoor(app))
    gate = RequestLimits(AssetDoor(pages), settings.allowed_hosts)
    proxies = BehindProxies(gate, settings.trusted_proxies)
    drain = Drain(proxies if settings.trusted_proxies else gate, partial(end_streams, app))
    return drain, FastDoor(app, vote_box_renderer(app), gate, proxies, pages)
