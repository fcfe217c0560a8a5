"""Limits on a request's address, headers and Host, checked before anything else reads the request."""

import json

from werkzeug.exceptions import default_exceptions

from app.web.asgi import App, Receive, Scope, Send
from app.web.headers import SECURITY_HEADERS, EncodedHeaders, encode_headers
from app.web.proxies import HOST

MAX_PATH_BYTES = 4_096  # includes the query; the longest `next` fits
MAX_HEADER_BYTES = 16_384  # all names and values together
MAX_HEADERS = 100
MAX_KNOWN_HOSTS = 100  # hosts that were found valid and need no second check
# Health checks and Prometheus use an IP address, whatever name the board has.
FOR_ANY_HOST = frozenset({"/healthz", "/readyz", "/metrics"})

LONG_PATH = f"This address is too long: it may have at most {MAX_PATH_BYTES:,} bytes, query included."
LARGE_HEADERS = (
    f"The request headers are too large: send at most {MAX_HEADERS} headers"
    f" with {MAX_HEADER_BYTES:,} bytes in all."
)
# In an Authorization header, or in the address of HANDOVER_PATH. One with the longest names and an RSA
# key has some 2,000.
MAX_TOKEN_BYTES = 4_096
HANDOVER_PATH = "/handover"
LONG_TOKEN = f"The token is too long: it may have at most {MAX_TOKEN_BYTES} bytes."
NOT_A_PATH = "The request target must be a path that begins with a slash."
NOT_PLAIN = (
    "There is nothing at this address. Write it without escapes and with one slash at its beginning."
)
UNKNOWN_HOST = (
    "This board does not answer to this host name. Open it at its usual address,"
    " or ask its operator to add the name to ALLOWED_HOSTS."
)

_COMMON_HEADERS = {"Cache-Control": "no-store", **SECURITY_HEADERS}
HEADERS = encode_headers({"Content-Type": "text/plain; charset=utf-8", **_COMMON_HEADERS})
JSON_HEADERS = encode_headers({"Content-Type": "application/json", **_COMMON_HEADERS})


class RequestLimits:
    """Refuse requests with too long an address, too large headers or a wrong Host.

    `allowed` lists host names, separated by commas; None allows every well-formed Host.
    """

    def __init__(self, app: App, allowed: str | None) -> None:
        self._app = app
        names = {part.strip().lower().encode() for part in (allowed or "").split(",")}
        self._allowed = names - {b""}
        self._known: set[bytes] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is not None:
            await _refuse(scope, send, *refusal)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return the status and the reason to refuse a request, or None if it may pass."""
        headers = scope["headers"]
        if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > MAX_PATH_BYTES:
            return (401, LONG_TOKEN) if scope["path"] == HANDOVER_PATH else (414, LONG_PATH)
        if len(headers) > MAX_HEADERS or sum(len(n) + len(v) for n, v in headers) > MAX_HEADER_BYTES:
            return (401, LONG_TOKEN) if _has_long_token(headers) else (431, LARGE_HEADERS)
        if not scope["path"].startswith("/"):
            return 400, NOT_A_PATH
        if _is_disguised(scope):
            return 404, NOT_PLAIN
        hosts = [value for name, value in headers if name == b"host"]
        if not self._accepts(hosts, scope["path"]):
            return 400, UNKNOWN_HOST
        return None

    def _accepts(self, hosts: list[bytes], path: str) -> bool:
        for_any = path in FOR_ANY_HOST
        if len(hosts) == 1:
            return self.is_allowed_host(hosts[0]) or (for_any and HOST.fullmatch(hosts[0]) is not None)
        return not hosts and (for_any or not self._allowed)

    def is_allowed_host(self, host: bytes) -> bool:
        """Return whether a Host is well-formed and allowed."""
        if host in self._known:
            return True
        name = host.lower()
        without_port = name.rpartition(b":")[0]
        allowed = not self._allowed or name in self._allowed or without_port in self._allowed
        if not allowed or not HOST.fullmatch(host):
            return False
        if len(self._known) < MAX_KNOWN_HOSTS:
            self._known.add(host)
        return True


def _has_long_token(headers: EncodedHeaders) -> bool:
    return any(name == b"authorization" and len(value) > MAX_TOKEN_BYTES for name, value in headers)


def _is_disguised(scope: Scope) -> bool:
    """Return whether a proxy that protects /metrics may not recognise it, although the router would."""
    path = scope["path"]
    return path.startswith("//") or (path in FOR_ANY_HOST and scope["raw_path"] != path.encode())


def write_refusal(target: bytes, status: int, reason: str) -> tuple[EncodedHeaders, bytes]:
    """Return the headers and the body that refuse a request for this path, and end its connection."""
    headers, body = HEADERS, reason.encode()
    if target.startswith(b"/api/"):
        error = default_exceptions[status]().name.lower().replace(" ", "_")
        headers, body = JSON_HEADERS, json.dumps({"error": error, "message": reason}).encode()
    if status == 401:
        challenge = f'Bearer error="invalid_token", error_description="{reason}"'
        headers = [*headers, (b"www-authenticate", challenge.encode())]
    return [*headers, (b"content-length", b"%d" % len(body)), (b"connection", b"close")], body


async def _refuse(scope: Scope, send: Send, status: int, reason: str) -> None:
    headers, body = write_refusal(scope["path"].encode(), status, reason)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
