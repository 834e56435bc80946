"""The status page: files for a browser, which asks `/status` for everything that it shows."""

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
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    # Asked for each time and answered with 304: the page's modules are never of two releases.
    "Cache-Control": "private, no-cache",
}


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
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
    return Response(file.content, media_type=file.type, headers=headers)


@cache
def _files() -> dict[str, _File]:
    """All there is, by name; read once, at the first request, so that no boot waits for it."""
    return {
        path.relative_to(_FOLDER).as_posix(): _read(path)
        for path in _FOLDER.rglob("*")
        if path.suffix in _TYPES
    }


def _read(path: Path) -> _File:
    content = path.read_bytes()
    return _File(content, _TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:16]}"')
