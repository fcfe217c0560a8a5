"""The fast door: takes the plain case of a vote by itself, from the bytes of its request.

Plain is what the button sends: one whole request, HTMX, from this site, signed in, a value of 1, 0 or
-1. The rest goes on to Quart's route with nothing lost, and gets its answer there. So does a vote that
was refused, since casting it again is harmless; one that failed takes its failure along.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import structlog
from quart import Quart

from app.fast.fragments import Fragments
from app.fast.session_cookies import SessionCookies
from app.fast.visitor_pages import VisitorPages
from app.services import Services
from app.voting.votes import Answer, Status, Vote
from app.web.headers import PAGE_HEADERS
from app.web.ids import LARGEST_ID
from app.web.proxies import HSTS, BehindProxies
from app.web.request_limits import LARGEST_HEADERS, MOST_HEADERS, RequestLimits

log = structlog.get_logger()

REQUEST = re.compile(rb"POST /projects/([1-9][0-9]{0,18})/vote HTTP/1\.1\r\n")
HEADER = re.compile(rb"(?m)^([A-Za-z0-9-]+): ([\x20-\x7e\x80-\xff]*)\r\n")
BODIES = {b"value=1": 1, b"value=0": 0, b"value=-1": -1}
FORM = b"application/x-www-form-urlencoded"
# Headers that ask the server for more than an answer.
SPECIAL = frozenset({b"transfer-encoding", b"expect", b"upgrade"})

Headers = dict[bytes, bytes]


class PlainVote(NamedTuple):
    """A vote that needs nothing of Quart; over TLS its answer says so."""

    vote: Vote
    over_tls: bool


class FastVotes:
    """One process' door. `pages` are told of its votes, `gate` and `proxies` are asked as for Quart."""

    def __init__(
        self,
        app: Quart,
        render: Callable[[Any], str],
        gate: RequestLimits,
        proxies: BehindProxies,
        pages: VisitorPages,
    ) -> None:
        self._app = app
        self._cookies = SessionCookies(app)
        self._fragments = Fragments(render)
        self._limits, self._proxies, self._pages = gate, proxies, pages
        self._tells = log.is_enabled_for(logging.DEBUG)  # the lines of a vote carry its request's id
        plain = b"".join([b"%s: %s\r\n" % header for header in PAGE_HEADERS])
        self._heads = {False: plain, True: plain + b"%s: %s\r\n" % HSTS}

    def plain_vote(self, data: bytes, client: tuple[str, int] | None) -> PlainVote | None:
        """The vote that is all these bytes, if they are a request of the plain kind."""
        first = REQUEST.match(data)
        if first is None or self._tells:
            return None
        end = data.find(b"\r\n\r\n") + 2
        value = BODIES.get(data[end + 2 :])
        headers = _headers(data, first.end(), end)
        if value is None or headers is None or int(first[1]) > LARGEST_ID:
            return None
        if headers.get(b"content-length") != b"%d" % (len(data) - end - 2):
            return None
        over_tls = self._proxies.believe(headers, client)
        user_id = self._user_of(headers)
        return None if user_id is None else PlainVote(Vote(int(first[1]), user_id, value), over_tls)

    def cast(self, plain: PlainVote) -> asyncio.Future[Answer]:
        services: Services = self._app.extensions["upvote"]
        return services.batcher.post(plain.vote)

    def answer(self, plain: PlainVote, answer: Answer) -> bytes | None:
        """Headers and fragment for an accepted vote; None for any other, which Quart answers."""
        if answer.status is not Status.ACCEPTED:
            return None
        self._pages.forget()
        fragment = self._fragments.write(plain.vote.project_id, answer)
        return b"%scontent-length: %d\r\n\r\n%s" % (
            self._heads[plain.over_tls],
            len(fragment),
            fragment,
        )

    def _user_of(self, headers: Headers) -> int | None:
        """The signed-in user of a request that only Quart's slowness would be added to."""
        host = headers.get(b"host", b"")
        if headers.get(b"hx-request") != b"true" or headers.get(b"content-type") != FORM:
            return None
        if headers.get(b"sec-fetch-site", b"none") not in (b"same-origin", b"none"):
            return None
        if headers.get(b"origin", b"http://" + host) not in (b"http://" + host, b"https://" + host):
            return None
        if not self._limits.is_ours(host):
            return None
        return self._cookies.user_id(headers.get(b"cookie", b""))


def _headers(data: bytes, start: int, end: int) -> Headers | None:
    """The headers between two places, each once, one a line; None if anything about them is unusual."""
    if end - start > LARGEST_HEADERS:
        return None
    found = HEADER.findall(data, start, end)
    if len(found) != data.count(b"\n", start, end) or len(found) > MOST_HEADERS:
        return None
    headers = {name.lower(): value for name, value in found}
    if len(headers) != len(found) or not SPECIAL.isdisjoint(headers):
        return None
    return None if headers.get(b"connection", b"keep-alive") != b"keep-alive" else headers
