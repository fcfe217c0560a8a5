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
