"""The status page: files for a browser, which asks `/status` for everything that it shows."""

from pathlib import Path

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_HEADERS = {
    # Nothing but our own files: a name or a reason that somebody else wrote can never become code.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'none'",
    # Asked for each time and answered with 304: the page's modules are never of two releases.
    "Cache-Control": "private, no-cache",
}


class _Files(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response("index.html" if scope["path"] == "/" else path, scope)
        answer.headers.update(_HEADERS)
        return answer


def pages() -> list[BaseRoute]:
    """`/`, and `/static/NAME` for what it consists of."""
    files = GZipMiddleware(_Files(directory=Path(__file__).with_name("static")))
    return [Route("/", files), Mount("/static", files)]
