"""Refusal of cross-site requests with an unsafe method, based on headers that a page cannot forge.

The rules are stricter than Go's net/http CrossOriginProtection: Sec-Fetch-Site, if it is sent, must be
same-origin or none, and Origin, if it is sent, must be Host by http or https. A request with neither
header is accepted: it comes from a program, or from an old browser, for which the cookies' SameSite=Lax
remains. Origin: null is accepted beside Sec-Fetch-Site: same-origin only: browsers send it for the
board's own forms where a proxy sets Referrer-Policy: no-referrer (Fetch standard, "append a request
Origin header"), and no page can set Sec-Fetch-Site. Pages of CORS_ORIGINS may use the API, where no
cookie counts (cors.py).
"""

from quart import abort, g, request

from app.web.cors import ALLOWED

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def refuse_cross_site() -> None:
    """Answer 403 to a cross-site request with an unsafe method before any handler sees it."""
    if request.method in SAFE_METHODS or ALLOWED in request.scope:
        return
    fetch_site, origin = (request.headers.get(name) for name in ("Sec-Fetch-Site", "Origin"))
    if is_cross_site(_encode(fetch_site), _encode(origin), request.host.encode()):
        abort(403, "This request came from another site. Open the page on this board and try again.")
    g.same_site = True


def is_cross_site(fetch_site: bytes | None, origin: bytes | None, host: bytes) -> bool:
    """Return whether another site sent a request with these headers (None: absent).

    The headers are bytes, since app/fast/votes.py checks votes that never reach Quart.
    """
    if fetch_site is not None and fetch_site not in (b"same-origin", b"none"):
        return True
    if origin is None:
        return False
    if origin == b"null":
        return fetch_site != b"same-origin"
    return origin.lower() not in (b"http://" + host.lower(), b"https://" + host.lower())


def _encode(header: str | None) -> bytes | None:
    return None if header is None else header.encode("utf-8", "surrogateescape")
