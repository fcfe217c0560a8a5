"""Headers that every response of the app carries."""

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


EncodedHeaders = list[tuple[bytes, bytes]]


def encode_headers(headers: dict[str, str]) -> EncodedHeaders:
    """Return the headers as ASGI wants them: pairs of bytes, with names in lower case."""
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


# The headers of a page or a fragment that Quart answers with, except its length.
PAGE_HEADERS = encode_headers(
    {
        "Content-Type": "text/html; charset=utf-8",
        **SECURITY_HEADERS,
        "Cache-Control": "no-store",
        "Vary": "Accept-Encoding",
    }
)


async def add_security_headers(response: Response) -> Response:
    has_own_policy = "Content-Security-Policy" in response.headers
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if has_own_policy:  # it says which sites may frame the page; X-Frame-Options would contradict it
        del response.headers["X-Frame-Options"]
    if response.mimetype == "text/html":
        # Every page shows who is signed in, and votes that change, so no cache may store it.
        response.headers.setdefault("Cache-Control", "no-store")
    return response


async def never_store(response: Response) -> Response:
    """Let no cache store the answer. For `after_request` of a blueprint whose pages have secrets."""
    response.headers["Cache-Control"] = "no-store"
    return response


async def keep_address_secret(response: Response) -> Response:
    """As never_store, and let no page name the address that it was on, which is the secret."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return await never_store(response)
