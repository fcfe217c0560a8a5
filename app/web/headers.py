"""Headers that every answer of the app carries."""

from quart import Response

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


Encoded = list[tuple[bytes, bytes]]


def encoded(headers: dict[str, str]) -> Encoded:
    """Headers as ASGI and HTTP write them; names in small letters."""
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


# What Quart's answer with a page or a fragment carries, but for its length.
PAGE_HEADERS = encoded(
    {
        "Content-Type": "text/html; charset=utf-8",
        **SECURITY_HEADERS,
        "Cache-Control": "no-store",
        "Vary": "Accept-Encoding",
    }
)


async def add_security_headers(response: Response) -> Response:
    own_policy = "Content-Security-Policy" in response.headers
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if own_policy:  # it says who may frame the page, and X-Frame-Options could only contradict
        del response.headers["X-Frame-Options"]
    if response.mimetype == "text/html":
        # Every page shows whose it is, and votes that move: nothing may keep it.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
