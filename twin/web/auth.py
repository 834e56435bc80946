"""Who may come in: those who present the credentials, and no page of another site for them."""

import base64
import binascii
import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from twin.config import Credentials
from twin.web.refusals import Refusals

_OPEN = "/healthz"
_DENIED = 401
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="twin", charset="UTF-8"'}


class Guard:
    """Lets a request through to `app` if it may come in; what it refuses changes nothing."""

    def __init__(self, app: ASGIApp, credentials: Credentials, refusals: Refusals) -> None:
        self._app = app
        self._refusals = refusals
        self._expected = f"{credentials.username}:{credentials.password}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        wrong = refusal is not None and refusal.status_code == _DENIED and _tried(scope)
        if wrong and not await self._refusals.slow_down():
            refusal = JSONResponse({"error": "too many wrong credentials: try later"}, 429)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        if scope["path"] == _OPEN:
            return None
        headers = Headers(scope=scope)
        if not hmac.compare_digest(presented(headers.get("authorization", "")), self._expected):
            return JSONResponse({"error": "credentials are needed"}, _DENIED, _CHALLENGE)
        if scope["path"] != "/" and comes_from_another_site(headers):
            # A browser adds the credentials it knows to any link: a GET that suspends the jobs
            # must not be one.
            return JSONResponse({"error": "refused: this request comes from another site"}, 403)
        return None


def _tried(scope: Scope) -> bool:
    """Whether credentials were presented at all: browsers first ask without any."""
    return any(name == b"authorization" for name, _ in scope["headers"])


def presented(authorization: str) -> bytes:
    """`Basic dTpw` -> b"u:p"; empty for anything else."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""


def comes_from_another_site(headers: Headers) -> bool:
    """By what browsers send of themselves; programs send none of these headers.

    `Referer` is all that an image on a page sends to a twin that is reached by plain http.
    """
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return True
    named = [headers[name] for name in ("origin", "referer") if name in headers]
    return any(_site(url) != headers.get("host") for url in named)


def _site(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
