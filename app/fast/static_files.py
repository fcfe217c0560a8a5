"""Static files that were asked for by their digest, from memory: an ASGI app in front of Quart.

Such an address is good for ever, so a browser asks once. Everything else about static files, errors
included, is Quart's (app/web/assets.py); both give the same answers.
"""

from app.fast.visitor_pages import App, Receive, Scope, Send
from app.web.assets import ASSETS, IMMUTABLE, Asset
from app.web.headers import SECURITY_HEADERS, Encoded, encoded


class StaticFiles:
    """Wraps the app."""

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
            await _answer(found, dict(scope["headers"]), send)


async def _answer(asset: Asset, asked: dict[bytes, bytes], send: Send) -> None:
    body, headers = asset.content, _headers(asset)
    if b"gzip" in asked.get(b"accept-encoding", b"") and len(asset.zipped) < len(body):
        body, headers = asset.zipped, [*headers, (b"content-encoding", b"gzip")]
    headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _headers(asset: Asset) -> Encoded:
    named = {
        "Content-Type": asset.mimetype,
        "Cache-Control": IMMUTABLE,
        "ETag": asset.etag,
        "Vary": "Accept-Encoding",
    }
    return encoded(named | SECURITY_HEADERS)
