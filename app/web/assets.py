"""Static files, cached for ever: their addresses contain a digest of their content."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from quart import Blueprint, Response, abort, request

from app.web.bundles import bundle_modules, bundle_sheets
from app.web.compression import accepts_gzip
from app.web.strangers import open_to_strangers

blueprint = Blueprint("assets", __name__)

STATIC = Path(__file__).parent.parent / "static"
IMMUTABLE = f"public, max-age={365 * 24 * 60 * 60}, immutable"
MODULES, SHEETS = "js/", "css/"  # the folders of our own; app/static/vendor is served unmodified


@dataclass(frozen=True)
class Asset:
    content: bytes
    zipped: bytes
    mimetype: str
    digest: str

    @property
    def etag(self) -> str:
        return f'"{self.digest}"'


def load_assets(folder: Path) -> dict[str, Asset]:
    """Read and compress all files below the folder; return them by path.

    A module or style sheet contains what it imports, so a page never mixes files from before and after
    a change. Modules that others import are not served by themselves.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    for kind, bundle in ((MODULES, bundle_modules), (SHEETS, bundle_sheets)):
        texts = {
            path.removeprefix(kind): contents.pop(path).decode()
            for path in list(contents)
            if path.startswith(kind)
        }
        contents |= {kind + name: text.encode() for name, text in bundle(texts).items()}
    return {path: make_asset(path, content) for path, content in sorted(contents.items())}


def make_asset(path: str, content: bytes) -> Asset:
    mimetype = mimetypes.guess_type(path)[0] or "application/octet-stream"
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content, gzip.compress(content, mtime=0), mimetype, digest)


def _address(path: str, asset: Asset) -> str:
    return f"/static/{path}?v={asset.digest}"


# All files under app/static, read and compressed when the program starts: about 30 files, 150 kB.
ASSETS = load_assets(STATIC)


def asset(path: str) -> str:
    """Return the address of a file under app/static; raise KeyError if there is none."""
    return _address(path, ASSETS[path])


@blueprint.get("/static/<path:path>")
@open_to_strangers
async def static_file(path: str) -> Response:
    """Return the file: cached for ever if the address has its digest, else checked again each time."""
    found = ASSETS.get(path)
    if found is None:
        abort(404)
    return answer_asset(found, "no-cache")


def answer_asset(found: Asset, otherwise: str) -> Response:
    """Return the asset, cached for ever if the address has its digest, else as `otherwise` says."""
    caching = IMMUTABLE if request.args.get("v") == found.digest else otherwise
    headers = {"Cache-Control": caching, "ETag": found.etag, "Vary": "Accept-Encoding"}
    if request.headers.get("If-None-Match") == found.etag:
        return Response("", 304, headers)
    if accepts_gzip(request.scope["headers"]) and len(found.zipped) < len(found.content):
        headers["Content-Encoding"] = "gzip"
        return Response(found.zipped, 200, headers, content_type=found.mimetype)
    return Response(found.content, 200, headers, content_type=found.mimetype)


@blueprint.get("/favicon.ico")
@open_to_strangers
async def favicon() -> Response:
    """Return the icon at the address that browsers request by default."""
    return await static_file("icons/favicon.ico")
