"""Behind a proxy: who the client is and whether it came over TLS, as a trusted proxy says.

An ASGI app around all others; the fast door asks it too. Only a proxy named in TRUSTED_PROXIES is
believed; from anybody else, X-Forwarded headers change nothing.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Any

from app.web.asgi import App, Receive, Scope, Send

# Labels of 1 to 63 characters, 255 in all, or an IPv6 address; and a port.
HOST = re.compile(
    rb"(?![^:]{256})([A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*\.?|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?"
)
# Half a year, without subdomains: they may be somebody else's.
HSTS = (b"strict-transport-security", b"max-age=15768000")


class BehindProxies:
    """Rewrites client, scheme and Host of what comes through a trusted proxy."""

    def __init__(self, app: App, trusted: str | None) -> None:
        self._app = app
        self._networks = [ip_network(part.strip(), strict=False) for part in _parts(trusted or "")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._is_trusted(_address(scope.get("client"))):
            self._rewrite(scope)
            if scope["scheme"] == "https":
                send = _over_tls(send)
        await self._app(scope, receive, send)

    def believe(self, headers: dict[bytes, bytes], client: tuple[str, int] | None) -> bool:
        """Put the Host that a trusted proxy names into headers that come once each; gives whether the
        request came over TLS."""
        if not self._networks or not self._is_trusted(_address(client)):
            return False
        host = _last(headers.get(b"x-forwarded-host", b""))
        if HOST.fullmatch(host):
            headers[b"host"] = host
        return _last(headers.get(b"x-forwarded-proto", b"")) == b"https"

    def _rewrite(self, scope: Scope) -> None:
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:  # a header that comes twice is one list
            headers[name] = headers[name] + b"," + value if name in headers else value
        client = self._first_untrusted(headers.get(b"x-forwarded-for", b""))
        if client:
            scope["client"] = (client, 0)
        proto = _last(headers.get(b"x-forwarded-proto", b""))
        if proto in (b"http", b"https"):
            scope["scheme"] = proto.decode()
        host = _last(headers.get(b"x-forwarded-host", b""))
        if HOST.fullmatch(host):
            others = [pair for pair in scope["headers"] if pair[0] != b"host"]
            scope["headers"] = [*others, (b"host", host)]

    def _first_untrusted(self, forwarded: bytes) -> str:
        """The nearest hop that is none of our proxies: what lies beyond it may be made up."""
        client = ""
        for hop in reversed(list(_parts(forwarded.decode("latin-1")))):
            if not _is_address(hop):
                break
            client = hop
            if not self._is_trusted(hop):
                break
        return client

    def _is_trusted(self, address: str) -> bool:
        if not _is_address(address):
            return False
        found = ip_address(address)
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in network for network in self._networks if network.version == found.version)


def _over_tls(send: Send) -> Send:
    """Cookies that go over TLS only, and a browser that comes back over TLS only."""

    async def secured(event: Any) -> None:
        if event["type"] == "http.response.start":
            headers = [_secure(*header) for header in event.get("headers", [])]
            event = {**event, "headers": [*headers, HSTS]}
        await send(event)

    return secured


def _secure(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name.lower() == b"set-cookie" and b"; secure" not in value.lower():
        value += b"; Secure"
    return name, value


def _address(client: tuple[str, int] | None) -> str:
    return client[0] if client else ""


def _parts(text: str) -> Iterable[str]:
    return filter(None, map(str.strip, text.split(",")))


def _last(value: bytes) -> bytes:
    return value.rpartition(b",")[2].strip()


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
