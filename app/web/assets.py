"""Static files: their addresses carry a digest of their content, so they can be kept for ever."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from quart import Blueprint, Response, abort, request

blueprint = Blueprint("assets", __name__)

STATIC = Path(__file__).parent.parent / "static"
IMMUTABLE = f"public, max-age={365 * 24 * 60 * 60}, immutable"


@dataclass(frozen=True)
class Asset:
    content: bytes
    zipped: bytes
    mimetype: str
    digest: str

    @property
    def etag(self) -> str:
        return f'"{self.digest}"'


def _load(path: Path) -> Asset:
    content = path.read_bytes()
    mimetype = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content, gzip.compress(content, mtime=0), mimetype, digest)


# All files under app/static, read and compressed once: some 30 files, 100 kB.
ASSETS = {
    path.relative_to(STATIC).as_posix(): _load(path) for path in STATIC.rglob("*") if path.is_file()
}


def asset(path: str) -> str:
    """The address of a file under app/static; raises KeyError when there is none."""
    return f"/static/{path}?v={ASSETS[path].digest}"


@blueprint.get("/static/<path:path>")
async def static_file(path: str) -> Response:
    """The file; for ever if it was asked for by its digest, else to be asked for again."""
    found = ASSETS.get(path)
    if found is None:
        abort(404)
    kept = IMMUTABLE if request.args.get("v") == found.digest else "no-cache"
    headers = {"Cache-Control": kept, "ETag": found.etag, "Vary": "Accept-Encoding"}
    if request.headers.get("If-None-Match") == found.etag:
        return Response("", 304, headers)
    if "gzip" in request.headers.get("Accept-Encoding", "") and len(found.zipped) < len(found.content):
        headers["Content-Encoding"] = "gzip"
        return Response(found.zipped, 200, headers, content_type=found.mimetype)
    return Response(found.content, 200, headers, content_type=found.mimetype)


@blueprint.get("/favicon.ico")
async def favicon() -> Response:
    """Where browsers look by themselves."""
    return await static_file("icons/favicon.ico")
