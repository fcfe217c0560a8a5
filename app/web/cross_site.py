"""Cross-site requests are refused on every unsafe method, by headers that a page cannot forge.

The approach of Go's net/http CrossOriginProtection: Sec-Fetch-Site where the browser sends it, else
Origin against Host; a request with neither is no browser's, and has no cookie jar to abuse.
"""

from quart import abort, request

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def refuse_cross_site() -> None:
    """Answer 403 to a cross-site POST before any handler sees it."""
    if request.method in SAFE_METHODS:
        return
    if is_cross_site(
        request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin"), request.host
    ):
        abort(403, "This request came from another site. Open the page here and try again.")


def is_cross_site(fetch_site: str | None, origin: str | None, host: str) -> bool:
    if fetch_site is not None and fetch_site not in ("same-origin", "none"):
        return True
    if origin is None:
        return False
    return origin.lower() not in (f"http://{host.lower()}", f"https://{host.lower()}")
