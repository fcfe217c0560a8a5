"""Static files at an address with their digest, answered from memory.

Such an address never changes its content, so a browser asks for it once. Quart answers every other
request for static files, errors included (app/web/assets.py), with the same headers.
"""

from app.web.asgi import App, Receive, Scope, Send
from app.web.assets import ASSETS, IMMUTABLE, Asset
from app.web.compression import accepts_gzip
from app.web.headers import SECURITY_HEADERS, EncodedHeaders, encode_headers


class StaticFiles:
    """An ASGI middleware."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._assets = {(f"/static/{path}", f"v={a.digest}".encode()): a for path, a in ASSETS.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = None
        if scope.get("method") == "GET":
            found = self._assets.get((scope["path"], scope["query_string"]))
        if found is None or any(name == b"if-none-match" for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
        else:
            await _answer(found, accepts_gzip(scope["headers"]), send)


async def _answer(asset: Asset, zipped: bool, send: Send) -> None:
    body, headers = asset.content, _headers(asset)
    if zipped and len(asset.zipped) < len(body):
        body, headers = asset.zipped, [*headers, (b"content-encoding", b"gzip")]
    headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _headers(asset: Asset) -> EncodedHeaders:
    named = {
        "Content-Type": asset.mimetype,
        "Cache-Control": IMMUTABLE,
        "ETag": asset.etag,
        "Vary": "Accept-Encoding",
    }
    return encode_headers(named | SECURITY_HEADERS)
