"""Posts a message to a webhook, at an address that was checked.

The name is looked up once, and the connection goes to what was found and checked; the certificate must
be that of the name. Redirects are not followed, proxies of the environment are not used, and of the
answer only its status counts.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import httpcore2

from app import __version__
from app.storage.timeouts import WEBHOOK_SECONDS, within
from app.webhooks.addresses import BadAddress, Resolver
from app.webhooks.sending import READ_SECONDS, NotSent

# One connection, so that a second address is tried before the time is over.
CONNECT_SECONDS = 4.0
MOST_ADDRESSES = 3
# A receiver that still writes its answer is not cut off, as long as it is short and quick.
READ_BYTES = 16 * 1024
# In all, and at once: so many bytes of tiny interim answers (1xx) take a few milliseconds to read.
MOST_BYTES, READ_AT_ONCE = 64 * 1024, 8 * 1024
HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": f"Upvote-Webhooks/{__version__}",
    "Connection": "close",
}
FAILURES = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
    OSError,
    ValueError,
)
TOO_LATE = (TimeoutError, httpcore2.TimeoutException)


class Poster:
    """Sends messages, each on a connection of its own."""

    def __init__(self, resolver: Resolver, tls: ssl.SSLContext | None = None) -> None:
        self._resolver, self._given_tls = resolver, tls

    @cached_property
    def _pool(self) -> httpcore2.AsyncConnectionPool:
        return httpcore2.AsyncConnectionPool(
            ssl_context=self._given_tls or httpcore2.default_ssl_context(),
            max_connections=None,
            max_keepalive_connections=0,
            network_backend=_CheckedBackend(self._resolver),
        )

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Return the status of the answer. Raises NotSent."""
        try:
            async with within(WEBHOOK_SECONDS):
                return await self._post(url, headers, body)
        except BadAddress as error:
            raise NotSent(str(error)) from error
        except TOO_LATE:
            raise NotSent(f"no answer within {WEBHOOK_SECONDS:g} s") from None
        except FAILURES as error:
            raise NotSent(f"no answer ({str(error)[:200] or type(error).__name__})") from error

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        options = {"connect": CONNECT_SECONDS, "read": WEBHOOK_SECONDS, "write": WEBHOOK_SECONDS}
        async with self._pool.stream(
            "POST",
            url,
            headers=[*HEADERS.items(), *headers.items()],
            content=body,
            extensions={"timeout": options},
        ) as answer:
            with contextlib.suppress(*FAILURES, *TOO_LATE):
                async with asyncio.timeout(READ_SECONDS):
                    await _read_some(answer)
            return answer.status


async def _read_some(answer: httpcore2.Response) -> None:
    size = 0
    async for piece in answer.aiter_stream():
        size += len(piece)
        if size > READ_BYTES:
            return


class _BoundedStream(httpcore2.AsyncNetworkStream):
    """A connection of which so much is read: an answer may begin with any number of interim ones."""

    def __init__(self, inner: httpcore2.AsyncNetworkStream) -> None:
        self._inner, self._left = inner, MOST_BYTES

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if self._left <= 0:
            raise httpcore2.ReadError(f"the answer has more than {MOST_BYTES:,} bytes")
        found = await self._inner.read(min(max_bytes, READ_AT_ONCE), timeout)
        self._left -= len(found)
        return found

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore2.AsyncNetworkStream:
        return _BoundedStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Connects to the addresses that the resolver allows, and to no others."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver, self._inner = resolver, httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the library's interface)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = (await self._resolver.addresses(host, port))[:MOST_ADDRESSES]
        for address in addresses[:-1]:
            with contextlib.suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return _BoundedStream(await self._inner.connect_tcp(address, port, timeout))
        return _BoundedStream(await self._inner.connect_tcp(addresses[-1], port, timeout))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
