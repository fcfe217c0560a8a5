"""The ASGI app of a web process: Quart, and the middleware in front of it."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from quart import Quart
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.fast.member_pages import MemberPages
from app.fast.static_files import StaticFiles
from app.fast.visitor_pages import VisitorPages, shared_view
from app.fast.vote_protocol import VoteProtocol
from app.fast.votes import FastVotes
from app.main import end_streams
from app.server.drain import Drain
from app.server.slow_clients import BoundedProtocol
from app.settings import Settings
from app.web.asgi import App
from app.web.proxies import ProxyHeaders
from app.web.request_limits import RequestLimits


class WebApp(NamedTuple):
    """The ASGI app, and the protocol class that the server uses for its connections."""

    app: Drain
    protocol: type[HttpToolsProtocol]


def build_web_app(
    quart: Quart, settings: Settings, stop_accepting: Callable[[], None] = lambda: None
) -> WebApp:
    """Return the Quart app with its middleware.

    A draining process calls `stop_accepting`, which leaves the listening socket to the other processes.
    """
    pages = None
    if settings.fast_paths:
        pages = VisitorPages(MemberPages(quart), partial(shared_view, quart))
    inner: App = StaticFiles(pages) if pages else quart  # type: ignore[assignment]
    limits = RequestLimits(inner, settings.allowed_hosts)
    proxies = ProxyHeaders(limits, settings.trusted_proxies)
    outer = proxies if settings.trusted_proxies else limits
    drain = Drain(outer, partial(end_streams, quart), stop_accepting)
    if pages is None:
        return WebApp(drain, BoundedProtocol)
    votes = FastVotes(quart, limits, proxies, pages.clear)
    return WebApp(drain, _fast_protocol(votes, drain))


def _fast_protocol(votes: FastVotes, drain: Drain) -> type[HttpToolsProtocol]:
    class FastProtocol(VoteProtocol, BoundedProtocol):
        pass

    FastProtocol.fast_votes = votes
    FastProtocol.is_draining = staticmethod(lambda: drain.draining)
    return FastProtocol
