"""Conditional responses: an ETag of the body, and 304 if the client already has it."""

from hashlib import sha256

from quart import Response, request


def conditional(body: bytes, content_type: str, **headers: str) -> Response:
    """Return 200 with the body, or 304 if If-None-Match shows that the client already has it.

    Header names are written with underscores: Cache_Control="no-cache". The ETag is weak because the
    body may be compressed, by this app or by a proxy. There is no Last-Modified: lists and tallies
    change with votes, and no stored time says when they did.
    """
    digest = sha256(body).hexdigest()[:20]
    known = request.if_none_match.contains_weak(digest)
    response = Response(b"" if known else body, 304 if known else 200, content_type=content_type)
    response.set_etag(digest, weak=True)
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response
