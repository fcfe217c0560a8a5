"""The gate in front of both doors: refuses what no browser sends, before anybody reads more of it."""

import json

from werkzeug.exceptions import default_exceptions

from app.web.asgi import App, Receive, Scope, Send
from app.web.headers import SECURITY_HEADERS, encoded
from app.web.proxies import HOST

LONGEST_PATH = 4_096  # bytes, with the query; the longest `next` fits
LARGEST_HEADERS = 16_384  # bytes of all names and values
MOST_HEADERS = 100
MOST_KNOWN = 100  # hosts that need not be looked at again
# Health checks and Prometheus ask by address, whatever the board's name is.
FOR_ANY_HOST = frozenset({"/healthz", "/readyz", "/metrics"})

_ANY = {"Cache-Control": "no-store", **SECURITY_HEADERS}
HEADERS = encoded({"Content-Type": "text/plain; charset=utf-8", **_ANY})
JSON_HEADERS = encoded({"Content-Type": "application/json", **_ANY})


class RequestLimits:
    """Checks the size of a request's head and its Host; `allowed` are host names, None: any."""

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
        """Status and reason, or None for what may go on."""
        headers = scope["headers"]
        if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > LONGEST_PATH:
            return 414, "This address is too long."
        if len(headers) > MOST_HEADERS or sum(len(n) + len(v) for n, v in headers) > LARGEST_HEADERS:
            return 431, "These headers are too large."
        if not scope["path"].startswith("/"):
            return 400, "This is no address of a page."
        hosts = [value for name, value in headers if name == b"host"]
        if not self._takes(hosts, scope["path"]):
            return 400, "This Host is none of this board's."
        return None

    def _takes(self, hosts: list[bytes], path: str) -> bool:
        for_any = path in FOR_ANY_HOST
        if len(hosts) == 1:
            return self.is_ours(hosts[0]) or (for_any and HOST.fullmatch(hosts[0]) is not None)
        return not hosts and (for_any or not self._allowed)

    def is_ours(self, host: bytes) -> bool:
        """Whether a Host is well-formed, and one of ours."""
        if host in self._known:
            return True
        name = host.lower()
        ours = not self._allowed or name in self._allowed or name.rpartition(b":")[0] in self._allowed
        if not ours or not HOST.fullmatch(host):
            return False
        if len(self._known) < MOST_KNOWN:
            self._known.add(host)
        return True


async def _refuse(scope: Scope, send: Send, status: int, reason: str) -> None:
    headers, body = HEADERS, reason.encode()
    if scope["path"].startswith("/api/"):
        error = default_exceptions[status]().name.lower().replace(" ", "_")
        headers, body = JSON_HEADERS, json.dumps({"error": error, "message": reason}).encode()
    length = (b"content-length", str(len(body)).encode())
    start = {"type": "http.response.start", "status": status}
    await send({**start, "headers": [*headers, length, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})
