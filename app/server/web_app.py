"""The ASGI app of a web process: Quart, and the middleware in front of it."""

from collections.abc import Callable, Iterable
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
from app.web.cors import Cors, Origins, Preflights
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
    origins = Origins(settings.cors_origins)
    if settings.cors_origins:
        inner = Preflights(inner, partial(_methods_of, quart))
    limits = RequestLimits(inner, settings.allowed_hosts)
    shared = Cors(limits, origins) if settings.cors_origins else limits
    proxies = ProxyHeaders(shared, settings.trusted_proxies)
    outer = proxies if settings.trusted_proxies else shared
    drain = Drain(outer, partial(end_streams, quart), stop_accepting)
    protocol = _shared_protocol(origins) if settings.cors_origins else BoundedProtocol
    if pages is None:
        return WebApp(drain, protocol)
    votes = FastVotes(quart, limits, proxies, pages.note_vote)
    return WebApp(drain, _fast_protocol(protocol, votes, drain))


def _shared_protocol(origins: Origins) -> type[BoundedProtocol]:
    """Return the protocol whose own refusals can be read by the pages of these origins."""

    class SharedProtocol(BoundedProtocol):
        cors_headers = staticmethod(origins.headers_for)

    return SharedProtocol


def _methods_of(quart: Quart, path: str) -> Iterable[str]:
    return quart.url_map.bind("").allowed_methods(path)


def _fast_protocol(
    protocol: type[BoundedProtocol], votes: FastVotes, drain: Drain
) -> type[HttpToolsProtocol]:
    class FastProtocol(VoteProtocol, protocol):  # type: ignore[misc, valid-type]
        pass

    FastProtocol.fast_votes = votes
    FastProtocol.is_draining = staticmethod(lambda: drain.draining)
    return FastProtocol
