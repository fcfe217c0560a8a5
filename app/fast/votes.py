"""The fast vote path: answers the common vote request from the bytes of its connection.

That is the request that the button sends: one whole request, by HTMX, from this site, signed in, with
the value 1, 0 or -1. Quart gets every other request unchanged, before anything is cast. It also answers
a vote that was cast here and refused, or that failed: its outcome goes along in the scope, and the
route uses that instead of casting again.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import NamedTuple

import structlog
from quart import Quart

from app.accounts.browser import SEVERAL
from app.accounts.state import AccountsState
from app.board.board import Board
from app.fast.session_cookies import session_cookies
from app.projects.vote_fragments import Fragments
from app.services import Services
from app.voting.votes import Status, Vote, VoteResult
from app.web.cross_site import is_cross_site
from app.web.headers import PAGE_HEADERS
from app.web.ids import MAX_ID
from app.web.proxies import HSTS, ProxyHeaders
from app.web.request_limits import MAX_HEADER_BYTES, MAX_HEADERS, RequestLimits

log = structlog.get_logger()

REQUEST = re.compile(rb"POST /projects/([1-9][0-9]{0,18})/vote HTTP/1\.1\r\n")
HEADER = re.compile(rb"(?m)^([A-Za-z0-9-]+): ([\x20-\x7e\x80-\xff]*)\r\n")
BODIES = {b"value=1": 1, b"value=0": 0, b"value=-1": -1}
SEVERAL_ACCOUNTS = SEVERAL.encode()
FORM = b"application/x-www-form-urlencoded"
# Headers that ask the server for more than an answer.
SPECIAL = frozenset({b"transfer-encoding", b"expect", b"upgrade"})

Headers = dict[bytes, bytes]


class FastVote(NamedTuple):
    """A vote that came as the common request, and whether it came over TLS."""

    vote: Vote
    over_tls: bool


class FastVotes:
    """Parses, casts and answers votes; `note_vote` is called after each that counts."""

    def __init__(
        self,
        app: Quart,
        limits: RequestLimits,
        proxies: ProxyHeaders,
        note_vote: Callable[[], None],
    ) -> None:
        self._app = app
        self._cookies = session_cookies(app)
        self._fragments = Fragments(app)
        self._limits, self._proxies, self._note_vote = limits, proxies, note_vote
        # The log lines of a vote carry its request's id, which only Quart's request log sets.
        self._logs_votes = log.is_enabled_for(logging.DEBUG)
        plain = b"".join([b"%s: %s\r\n" % header for header in PAGE_HEADERS])
        self._heads = {False: plain, True: plain + b"%s: %s\r\n" % HSTS}

    def parse(self, data: bytes, client: tuple[str, int] | None) -> FastVote | None:
        """Return the vote if these bytes are exactly one common request, else None."""
        first = REQUEST.match(data)
        if first is None or self._logs_votes:
            return None
        end = data.find(b"\r\n\r\n") + 2
        account, _, last = data[end + 2 :].rpartition(b"&")
        value = BODIES.get(last)
        headers = _headers(data, first.end(), end)
        if value is None or headers is None or int(first[1]) > MAX_ID:
            return None
        if headers.get(b"content-length") != b"%d" % (len(data) - end - 2):
            return None
        over_tls = self._proxies.apply_forwarded(headers, client)
        user_id = self._voter(headers, account)
        return None if user_id is None else FastVote(Vote(int(first[1]), user_id, value), over_tls)

    def cast(self, fast_vote: FastVote) -> asyncio.Future[VoteResult]:
        services: Services = self._app.extensions["upvote"]
        return services.batcher.submit(fast_vote.vote)

    def answer(self, fast_vote: FastVote, result: VoteResult) -> bytes | None:
        """Return headers and fragment for an accepted vote; None for any other, which Quart answers."""
        board: Board = self._app.extensions["upvote"].board
        if result.status is not Status.ACCEPTED or board.is_unsure():
            return None
        self._note_vote()
        accounts: AccountsState = self._app.extensions["upvote_accounts"]
        vote = fast_vote.vote
        shown = accounts.shown(result.state, vote.user_id)
        fragment = self._fragments.write(vote.project_id, shown, result.votes_left)
        return b"%scontent-length: %d\r\n\r\n%s" % (
            self._heads[fast_vote.over_tls],
            len(fragment),
            fragment,
        )

    def _voter(self, headers: Headers, account: bytes) -> int | None:
        """Return the signed-in user, or None if Quart has to look at the request.

        `account` is the field that says whose page it is, as it came in the body, or empty.

        Quart's hooks do not run for a vote that is answered here, so their checks are made here too.
        """
        host = headers.get(b"host", b"")
        if headers.get(b"hx-request") != b"true" or headers.get(b"content-type") != FORM:
            return None
        if is_cross_site(headers.get(b"sec-fetch-site"), headers.get(b"origin"), host):
            return None
        if not self._limits.is_allowed_host(host):
            return None
        cookie = headers.get(b"cookie", b"")
        user = self._cookies.user(cookie)
        if user is None or (not account and SEVERAL_ACCOUNTS in cookie):
            return None
        return user.id if account in (b"", b"account=" + user.username.encode()) else None


def _headers(data: bytes, start: int, end: int) -> Headers | None:
    """Return the headers between two positions; None if anything about them is unusual.

    Usual headers come once each, one a line, and ask for nothing special.
    """
    if end - start > MAX_HEADER_BYTES:
        return None
    found = HEADER.findall(data, start, end)
    if len(found) != data.count(b"\n", start, end) or len(found) > MAX_HEADERS:
        return None
    headers = {name.lower(): value for name, value in found}
    if len(headers) != len(found) or not SPECIAL.isdisjoint(headers):
        return None
    return None if headers.get(b"connection", b"keep-alive") != b"keep-alive" else headers
