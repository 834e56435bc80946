"""The status page: files for a browser, which asks `/status` for everything that it shows."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response

_FOLDER = Path(__file__).with_name("static")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_HEADERS = {
    # Nothing but our own files: a name or a reason that somebody else wrote can never become code.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'none'",
    # Asked for each time and answered with 304: the page's modules are never of two releases.
    "Cache-Control": "private, no-cache",
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True, slots=True)
class _File:
    plain: bytes
    zipped: bytes
    type: str
    etag: str


def pages() -> APIRouter:
    """`/`, and `/static/NAME` for what it consists of; anything else is 404."""
    router = APIRouter()

    @router.get("/")
    async def index(request: Request) -> Response:
        return _answer(request, _files()["index.html"])

    @router.get("/static/{name:path}")
    async def static(request: Request, name: str) -> Response:
        file = _files().get(name)
        if file is None:
            raise HTTPException(404)
        return _answer(request, file)

    return router


def _answer(request: Request, file: _File) -> Response:
    headers = {**_HEADERS, "ETag": file.etag}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(file.zipped, media_type=file.type, headers=headers)
    return Response(file.plain, media_type=file.type, headers=headers)


@cache
def _files() -> dict[str, _File]:
    """All there is, by name; read once, at the first request, so that no boot waits for it."""
    return {
        path.relative_to(_FOLDER).as_posix(): _read(path)
        for path in _FOLDER.rglob("*")
        if path.suffix in _TYPES
    }


def _read(path: Path) -> _File:
    plain = path.read_bytes()
    etag = f'W/"{hashlib.sha256(plain).hexdigest()[:16]}"'  # weak: zipped or not, it says the same
    return _File(plain, gzip.compress(plain), _TYPES[path.suffix], etag)
