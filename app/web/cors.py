"""Pages of other sites that may use the API and the live stream (CORS), as CORS_ORIGINS names them.

They act with a token that their script holds, and never with cookies: those are removed before anything
reads the request, and no answer allows credentials. Two ASGI apps do it. Cors wraps the limits of
app/web/request_limits.py, so that a page can read their refusals too. Preflights is within them.
"""

from collections.abc import Callable, Iterable

from app.web.asgi import App, Receive, Scope, Send
from app.web.headers import SECURITY_HEADERS, EncodedHeaders, encode_headers
from app.web.request_limits import write_refusal

# The key in the scope of a request that a page of one of the origins sent.
ALLOWED = "upvote.allowed_origin"
MAX_AGE = 7_200  # s; the longest for which Chromium keeps a preflight's answer
UNKNOWN_ORIGIN = "CORS_ORIGINS of this board does not name the origin that this request came from."
EXPOSED = (b"access-control-expose-headers", b"Retry-After, ETag, Location")
PREFLIGHT = encode_headers(
    {
        "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
        "Access-Control-Max-Age": str(MAX_AGE),
        "Cache-Control": "no-store",
        **SECURITY_HEADERS,
    }
)

MethodsOf = Callable[[str], Iterable[str]]


class Origins:
    """The origins of CORS_ORIGINS, and the headers that their pages are answered with."""

    def __init__(self, origins: str | None) -> None:
        self._origins = frozenset((origins or "").encode().split(b",")) - {b""}

    def headers_for(self, target: bytes, headers: Iterable[tuple[bytes, bytes]]) -> EncodedHeaders:
        """Return what any answer to a request with these headers must have beside its own."""
        if not self._origins or not _is_shared(target):
            return []
        origin = _value(headers, b"origin")
        if not self.allow(origin):
            return [(b"vary", b"Origin")]
        return [(b"vary", b"Origin"), (b"access-control-allow-origin", origin), EXPOSED]

    def allow(self, origin: bytes) -> bool:
        return origin in self._origins


class Cors:
    """Let the origins read every answer below /api/ and of /live, refusals included."""

    def __init__(self, app: App, origins: Origins) -> None:
        self._app, self._origins = app, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            more = self._origins.headers_for(scope["path"].encode(), scope["headers"])
            if more:
                send = _adding(send, more)
            if EXPOSED in more:
                others = [pair for pair in scope["headers"] if pair[0] != b"cookie"]
                scope = {**scope, "headers": others, ALLOWED: True}
        await self._app(scope, receive, send)


class Preflights:
    """Answer the question of a browser whether a page may send a request with a method.

    `methods_of` returns the methods of the route at a path, none if there is no route.
    """

    def __init__(self, app: App, methods_of: MethodsOf) -> None:
        self._app, self._methods_of = app, methods_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_preflight(scope):
            await self._app(scope, receive, send)
        elif ALLOWED not in scope:
            await _answer(send, 403, *write_refusal(scope["path"].encode(), 403, UNKNOWN_ORIGIN))
        elif methods := set(self._methods_of(scope["path"])) - {"OPTIONS"}:
            allowed = b"access-control-allow-methods", ", ".join(sorted(methods)).encode()
            await _answer(send, 204, [allowed, *PREFLIGHT])
        else:
            await self._app(scope, receive, send)


def _is_preflight(scope: Scope) -> bool:
    if (
        scope["type"] != "http"
        or scope["method"] != "OPTIONS"
        or not _is_shared(scope["path"].encode())
    ):
        return False
    return {b"origin", b"access-control-request-method"} <= {name for name, _ in scope["headers"]}


def _is_shared(target: bytes) -> bool:
    path = target.partition(b"?")[0]
    return path == b"/live" or path.startswith(b"/api/")


def _value(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    """Return the value of a header that is sent once, else an empty one."""
    found = [value for each, value in headers if each == name]
    return found[0] if len(found) == 1 else b""


def _adding(send: Send, more: EncodedHeaders) -> Send:
    """Return `send` that adds headers to an answer; a Vary is joined to the answer's own."""

    async def send_with_more(event: dict[str, object]) -> None:
        if event["type"] == "http.response.start":
            event = {**event, "headers": add_headers(event.get("headers", ()), more)}  # type: ignore[arg-type]
        await send(event)

    return send_with_more


def add_headers(own: Iterable[tuple[bytes, bytes]], more: EncodedHeaders) -> EncodedHeaders:
    """Return an answer's own headers and more, in which what it varies with is one header."""
    headers = [*own, *more]
    varies = b", ".join(value for name, value in headers if name.lower() == b"vary")
    others = [pair for pair in headers if pair[0].lower() != b"vary"]
    return [*others, (b"vary", varies)] if varies else others


async def _answer(send: Send, status: int, headers: EncodedHeaders, body: bytes = b"") -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
