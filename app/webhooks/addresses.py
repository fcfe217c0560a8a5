"""Checks the URL of a webhook, and the IP addresses that its name resolves to.

Without WEBHOOKS_PRIVATE nothing is sent into the network that the board stands in: to no loopback,
private, link-local, multicast or reserved address, however it is written.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import ada_url

from app.single_flight import SingleFlight
from app.webhooks import MOST_WEBHOOKS

LONGEST_URL = 2_000
PRIVATE = "which is not a public one. WEBHOOKS_PRIVATE=yes allows those"
# Those of the internet today. Outside of them is what a router may take for its own network.
_GLOBAL = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# Special ones that some of the Python versions that we run on take for public: RFC 6890, 7526, 9637.
_SPECIAL = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"), IPv6Network("3fff::/20"))

Resolve = Callable[..., Sequence[Any]]  # as socket.getaddrinfo


class BadAddress(Exception):
    """An address to which nothing is sent; the message says why."""


class UnknownName(BadAddress):
    """A name that leads nowhere now."""


def read_url(text: str, *, allow_private: bool) -> str:
    """Return the address of a webhook as browsers write it. Raises BadAddress."""
    try:
        url = ada_url.URL(text.strip())
    except ValueError:
        raise BadAddress(f"{text!r} is no address such as https://example.org/hooks") from None
    if url.protocol not in ("https:", *(("http:",) if allow_private else ())):
        raise BadAddress(
            "the address must begin with https://. WEBHOOKS_PRIVATE=yes allows http:// too"
        )
    if url.username or url.password:
        raise BadAddress("the address must have no user and password: the signature says who sends")
    if url.hash:
        raise BadAddress("the address must have no “#”, since that part of it is never sent")
    if len(url.href) > LONGEST_URL:
        raise BadAddress(f"the address may have {LONGEST_URL:,} characters, and has {len(url.href):,}")
    literal = _literal(url.hostname)
    if literal and not (allow_private or is_public(literal)):
        raise BadAddress(f"{url.hostname} is an address {PRIVATE}")
    return url.href


def shown_url(url: str) -> str:
    """Return an address without its query, which may hold a secret."""
    return url.split("?")[0] + ("?…" if "?" in url else "")


def is_public(address: str) -> bool:
    """Return whether an address, without brackets, is one of the internet's."""
    ip = ip_address(address)
    if any(ip in network for network in _SPECIAL):
        return False
    if isinstance(ip, IPv4Address):
        return ip.is_global and not (ip.is_multicast or ip.is_reserved)
    if (inner := _inner(ip)) is not None:
        return is_public(str(inner))
    return ip in _GLOBAL and ip.is_global and ip.scope_id is None


def _inner(ip: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to an IPv6 address may end at."""
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


def _literal(host: str) -> str | None:
    address = host.strip("[]")
    try:
        ip_address(address)
    except ValueError:
        return None
    return address


class Resolver:
    """Looks names up, each once at a time, in threads that nothing else waits for."""

    def __init__(self, *, allow_private: bool, resolve: Resolve = socket.getaddrinfo) -> None:
        self._allow_private, self._resolve = allow_private, resolve
        self._threads = ThreadPoolExecutor(MOST_WEBHOOKS, "webhook-names")
        self._calls = SingleFlight[list[str]]()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host, all of which may be connected to. Raises BadAddress."""
        found = await self._calls.run((host, port), lambda: self._look_up(host, port))
        if not self._allow_private:
            for address in found:
                if not is_public(address):
                    raise BadAddress(f"{host} has the address {address}, {PRIVATE}")
        return found

    async def _look_up(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                self._threads, lambda: self._resolve(host, port, type=socket.SOCK_STREAM)
            )
        except (OSError, UnicodeError) as error:
            raise UnknownName(f"the name {host} is not found ({error})") from None
        if not found:
            raise UnknownName(f"the name {host} has no address")
        return list(dict.fromkeys(entry[4][0] for entry in found))
