"""What stands in front of the Quart app, in the order in which a request meets it."""

from functools import partial

from quart import Quart

from app.fast.fragments import vote_box_renderer
from app.fast.member_pages import MemberPages
from app.fast.static_files import StaticFiles
from app.fast.visitor_pages import VisitorPages
from app.fast.votes import FastVotes
from app.main import end_streams
from app.server.drain import Drain
from app.settings import Settings
from app.web.proxies import BehindProxies
from app.web.request_limits import RequestLimits


def build_stack(app: Quart, settings: Settings) -> tuple[Drain, FastVotes]:
    """The ASGI app for the server, and the fast door for its connections."""
    pages = VisitorPages(MemberPages(app))
    gate = RequestLimits(StaticFiles(pages), settings.allowed_hosts)
    proxies = BehindProxies(gate, settings.trusted_proxies)
    drain = Drain(proxies if settings.trusted_proxies else gate, partial(end_streams, app))
    return drain, FastVotes(app, vote_box_renderer(app), gate, proxies, pages)
