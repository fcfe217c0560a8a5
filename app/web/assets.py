"""Static files, cached for ever: their addresses contain a digest of their content."""

import gzip
import hashlib
import mimetypes
import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from quart import Blueprint, Response, abort, request

from app.web.compression import accepts_gzip
from app.web.strangers import open_to_strangers

blueprint = Blueprint("assets", __name__)

STATIC = Path(__file__).parent.parent / "static"
IMMUTABLE = f"public, max-age={365 * 24 * 60 * 60}, immutable"
MODULES = "js/"  # the folder of our ES modules; app/static/vendor is served unmodified
# The relative path in `import './a.js'` and `import {a} from './a.js'`.
IMPORT = re.compile(rb"""(?P<before>\b(?:import|from)\s*['"])(?P<path>\.[^'"]+)""")


@dataclass(frozen=True)
class Asset:
    content: bytes
    zipped: bytes
    mimetype: str
    digest: str
    imports: tuple[str, ...]  # the paths of the modules that it imports

    @property
    def etag(self) -> str:
        return f'"{self.digest}"'


def load_assets(folder: Path) -> dict[str, Asset]:
    """Read and compress all files below the folder; return them by path.

    In modules, replace each relative import with the address of the imported module, digest included.
    This way a module's digest covers everything that it imports, so no browser mixes modules from
    before and after a change.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    imports = {path: _find_imports(path, content) for path, content in contents.items()}
    assets: dict[str, Asset] = {}
    for path in _sort_by_imports(imports):
        content = contents[path]
        if imports[path]:
            content = IMPORT.sub(_with_addresses(path, assets), content)
        assets[path] = _compress(path, content, imports[path])
    return assets


def _find_imports(path: str, content: bytes) -> tuple[str, ...]:
    if not path.startswith(MODULES):
        return ()
    return tuple(_resolve(path, match) for match in IMPORT.finditer(content))


def _resolve(importer: str, match: re.Match[bytes]) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), match["path"].decode()))


def _sort_by_imports(imports: dict[str, tuple[str, ...]]) -> Iterable[str]:
    """Return the paths, with every module after the modules that it imports."""
    for path, imported in imports.items():
        if missing := set(imported) - imports.keys():
            raise ValueError(f"{path} imports {', '.join(sorted(missing))}, which does not exist")
    try:
        return list(TopologicalSorter(imports).static_order())
    except CycleError as error:
        circle = ", ".join(error.args[1][1:])
        raise ValueError(f"these modules import each other in a circle: {circle}") from None


def _with_addresses(importer: str, assets: dict[str, Asset]) -> Callable[[re.Match[bytes]], bytes]:
    def address(match: re.Match[bytes]) -> bytes:
        path = _resolve(importer, match)
        return match["before"] + _address(path, assets[path]).encode()

    return address


def _compress(path: str, content: bytes, imports: tuple[str, ...]) -> Asset:
    mimetype = mimetypes.guess_type(path)[0] or "application/octet-stream"
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content, gzip.compress(content, mtime=0), mimetype, digest, imports)


def _address(path: str, asset: Asset) -> str:
    return f"/static/{path}?v={asset.digest}"


# All files under app/static, read and compressed when the program starts: about 35 files, 130 kB.
ASSETS = load_assets(STATIC)


def asset(path: str) -> str:
    """Return the address of a file under app/static; raise KeyError if there is none."""
    return _address(path, ASSETS[path])


@blueprint.app_template_global()
@cache
def imported_modules(path: str) -> tuple[str, ...]:
    """Return the addresses of all modules that a module imports, directly or through others."""
    found: dict[str, None] = {}  # in the order of the imports

    def visit(importer: str) -> None:
        for imported in ASSETS[importer].imports:
            if imported not in found:
                visit(imported)
                found[imported] = None

    visit(path)
    return tuple(asset(each) for each in found)


@blueprint.get("/static/<path:path>")
@open_to_strangers
async def static_file(path: str) -> Response:
    """Return the file: cached for ever if the address has its digest, else checked again each time."""
    found = ASSETS.get(path)
    if found is None:
        abort(404)
    caching = IMMUTABLE if request.args.get("v") == found.digest else "no-cache"
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
