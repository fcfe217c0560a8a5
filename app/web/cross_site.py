"""Cross-site requests are refused on every unsafe method, by headers that a page cannot forge.

The approach of Go's net/http CrossOriginProtection: Sec-Fetch-Site where the browser sends it, else
Origin against Host; a request with neither is no browser's, and has no cookie jar to abuse.
"""

from quart import abort, request

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def refuse_cross_site() -> None:
    """VoteResult 403 to a cross-site POST before any handler sees it."""
    if request.method in SAFE_METHODS:
        return
    fetch_site, origin = (request.headers.get(name) for name in ("Sec-Fetch-Site", "Origin"))
    if is_cross_site(_encoded(fetch_site), _encoded(origin), request.host.encode()):
        abort(403, "This request came from another site. Open the page here and try again.")


def is_cross_site(fetch_site: bytes | None, origin: bytes | None, host: bytes) -> bool:
    """Return whether another site sent a request with these headers (None: absent)."""
    if fetch_site is not None and fetch_site not in (b"same-origin", b"none"):
        return True
    if origin is None:
        return False
    return origin.lower() not in (b"http://" + host.lower(), b"https://" + host.lower())


def _encoded(header: str | None) -> bytes | None:
    return None if header is None else header.encode("utf-8", "surrogateescape")
