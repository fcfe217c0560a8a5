"""X-Forwarded headers: the client's address, the scheme and the Host as a trusted proxy reports them.

Only proxies named in TRUSTED_PROXIES are trusted; X-Forwarded headers from anyone else change nothing.
The ASGI app here wraps all others, and the fast path of votes uses it too.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Any

from app.web.asgi import App, Receive, Scope, Send

# Labels of 1 to 63 characters, 255 in all, or an IPv6 address; then an optional port.
HOST = re.compile(
    rb"(?![^:]{256})([A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*\.?|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?"
)
HOP = re.compile(r"(?P<ipv4>[0-9.]+):[0-9]{1,5}|\[(?P<ipv6>[0-9A-Fa-f:.]+)\](:[0-9]{1,5})?")
# Half a year. Subdomains are left out because others may own them.
HSTS = (b"strict-transport-security", b"max-age=15768000")


class ProxyHeaders:
    """Rewrite the client, scheme and Host of requests that come through a trusted proxy."""

    def __init__(self, app: App, trusted: str | None) -> None:
        self._app = app
        self._networks = [ip_network(part.strip(), strict=False) for part in _parts(trusted or "")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._is_trusted(_address(scope.get("client"))):
            self._rewrite(scope)
            if scope["scheme"] == "https":
                send = _secure_responses(send)
        await self._app(scope, receive, send)

    def apply_forwarded(self, headers: dict[bytes, bytes], client: tuple[str, int] | None) -> bool:
        """Set the Host that a trusted proxy names; return whether the request reached it over TLS.

        `headers` has each header once.
        """
        if not self._networks or not self._is_trusted(_address(client)):
            return False
        host = _last(headers.get(b"x-forwarded-host", b""))
        if HOST.fullmatch(host):
            headers[b"host"] = host
        return _last(headers.get(b"x-forwarded-proto", b"")) == b"https"

    def _rewrite(self, scope: Scope) -> None:
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:  # repeated headers are joined into one list
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
        """Return the nearest hop that is not a trusted proxy; hops beyond it may be forged."""
        client = ""
        for hop in reversed(list(_parts(forwarded.decode("latin-1")))):
            address = _without_port(hop)
            if not _is_address(address):
                break
            client = address
            if not self._is_trusted(address):
                break
        return client

    def _is_trusted(self, address: str) -> bool:
        if not _is_address(address):
            return False
        found = ip_address(address)
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in network for network in self._networks if network.version == found.version)


def _secure_responses(send: Send) -> Send:
    """Mark all cookies Secure and add HSTS, so that the browser uses only TLS from then on."""

    async def secured(event: Any) -> None:
        if event["type"] == "http.response.start":
            headers = [_secure_cookie(*header) for header in event.get("headers", [])]
            event = {**event, "headers": [*headers, HSTS]}
        await send(event)

    return secured


def _secure_cookie(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name.lower() == b"set-cookie" and b"; secure" not in value.lower():
        value += b"; Secure"
    return name, value


def _address(client: tuple[str, int] | None) -> str:
    return client[0] if client else ""


def _parts(text: str) -> Iterable[str]:
    return filter(None, map(str.strip, text.split(",")))


def _last(value: bytes) -> bytes:
    return value.rpartition(b",")[2].strip()


def _without_port(hop: str) -> str:
    """Return the address of a hop: some proxies write 192.0.2.1:5000 or [2001:db8::1]:5000."""
    found = HOP.fullmatch(hop)
    return (found["ipv4"] or found["ipv6"]) if found else hop


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
