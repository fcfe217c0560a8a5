"""Lists for people who are signed in: an ASGI middleware that answers the common requests for a list.

These are requests for the first page of a list, at an address that pages link to, by a signed-in user.
Every other request goes to Quart. So does one that failed here, with its exception, and every request
while tallies are secret.
"""

from quart import Quart

from app.fast.member_lists import MemberLists
from app.fast.session_cookies import session_cookies
from app.fast.visitor_pages import clear_before
from app.projects.orders import SORTS, WINDOWS
from app.services import Services
from app.web.asgi import OUTCOME, App, Receive, Scope, Send
from app.web.compression import MIN_BYTES, accepts_gzip, gzip
from app.web.cross_site import SAFE_METHODS
from app.web.deadline import in_time
from app.web.headers import PAGE_HEADERS

ADDRESSES = {
    b"": ("hot", "all"),
    **{f"sort={sort}".encode(): (sort, "all") for sort, _ in SORTS},
    **{f"sort={sort}&t={t}".encode(): (sort, t) for sort, _ in SORTS for t in WINDOWS},
}


class MemberPages:
    """An ASGI middleware."""

    def __init__(self, app: Quart) -> None:
        self._quart = app
        self._app: App = app  # type: ignore[assignment]  # Quart's own types are narrower
        self._lists = MemberLists(app)
        self._cookies = session_cookies(app)
        self._extensions = app.extensions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope.get("method")
        if method == "GET" and scope["path"] == "/" and scope["query_string"] in ADDRESSES:
            await self._answer(scope, receive, send)
        elif method is None or method in SAFE_METHODS or scope["path"].endswith("/vote"):
            await self._app(scope, receive, send)  # a page reads votes from Redis each time anyway
        else:
            await self._app(scope, receive, clear_before(send, self._lists.clear))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        cookies = [value for name, value in scope["headers"] if name == b"cookie"]
        services: Services = self._quart.extensions["upvote"]
        # Quart's session cookie, named "session", holds messages for the next page; ours is
        # upvote_session. Quart also joins several Cookie fields.
        usual = len(cookies) == 1 and cookies[0].count(b"session=") == 1
        usual = usual and not services.board.is_secret()
        user = self._cookies.user(cookies[0]) if usual else None
        has_budget = self._extensions["upvote"].board.settings.budget  # a page says what is left of it
        if user is None or has_budget:
            await self._app(scope, receive, send)
            return
        try:
            async with in_time():
                page = await self._lists.page(*ADDRESSES[scope["query_string"]], user)
        except Exception as error:  # Quart knows how to answer it
            scope[OUTCOME] = error
            await self._app(scope, receive, send)
        else:
            await self._send(page, accepts_gzip(scope["headers"]), send)

    async def _send(self, page: bytes, zipped: bool, send: Send) -> None:
        headers = PAGE_HEADERS
        if zipped and len(page) >= MIN_BYTES:
            page, headers = gzip(page), [*headers, (b"content-encoding", b"gzip")]
        headers = [*headers, (b"content-length", b"%d" % len(page))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": page})
