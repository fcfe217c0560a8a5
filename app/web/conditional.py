"""Answers that need not be sent twice: an ETag of the body, and 304 for who has it already."""

from hashlib import sha256

from quart import Response, request


def conditional(body: bytes, content_type: str, **headers: str) -> Response:
    """200 with the body, or 304 where If-None-Match says that the client has it already.

    `headers` are written with underscores: Cache_Control="no-cache". The ETag is a weak one, since a
    proxy or we ourselves may compress the body. There is no Last-Modified: what lists and tallies say
    changes with votes, and no time that we know of says when.
    """
    digest = sha256(body).hexdigest()[:20]
    known = request.if_none_match.contains_weak(digest)
    response = Response(b"" if known else body, 304 if known else 200, content_type=content_type)
    response.set_etag(digest, weak=True)
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response
