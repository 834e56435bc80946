"""Basic authentication, and protection against what other sites make a browser send."""

import base64
import binascii
import hmac
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twin.settings.settings import Credentials
from twin.web.connection import in_line
from twin.web.origin import comes_from_another_site, is_of_a_browser
from twin.web.passes import Passes
from twin.web.refusals import Refusals

_OPEN = "/healthz"
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="twin", charset="UTF-8"'}
_FOR_PROGRAMS = ("/update", "/down", "/watch")
"""Our own page asks none of them."""
_NOT_BY_A_LINK = (
    "refused: this comes from a browser, where any link could move the duty; "
    "use the buttons of the status page, or a program such as curl or `python -m twin down`"
)
_FOREIGN = (
    "refused: this request comes from another site; "
    "if that is this twin's own page, set SELF_URL to the URL of the page"
)


class Guard:
    """Lets a request through to `app` if it may come in; what it refuses changes nothing."""

    def __init__(
        self,
        app: ASGIApp,
        credentials: Credentials,
        refusals: Refusals,
        passes: Passes,
        own_url: Callable[[], str | None],
    ) -> None:
        self._app = app
        self._refusals = refusals
        self._passes = passes
        self._own_url = own_url
        self._expected = f"{credentials.username}:{credentials.password}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == _OPEN:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = await self._refusal(scope, headers)
        if refusal is None and not self._passes.is_shown(headers):
            send = self._giving_a_pass(send)
        await (refusal or self._app)(scope, receive, send)

    async def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if "authorization" not in headers:  # browsers first ask without it
            return _denied()
        right = hmac.compare_digest(presented(headers["authorization"]), self._expected)
        if not (right and self._passes.is_shown(headers)):
            with in_line(scope) as is_gone:
                verdict = await self._refusals.judge(right, is_gone)
            if verdict is None:
                return _error(429, "too many wait for their credentials to be checked: try later")
            if not verdict:
                return _denied()
        return self._misuse(scope["path"], headers)

    def _misuse(self, path: str, headers: Headers) -> Response | None:
        """Of right credentials, which a browser adds to whatever a site makes it ask for."""
        if path in _FOR_PROGRAMS and is_of_a_browser(headers):
            return _error(403, _NOT_BY_A_LINK)
        # Our page and its files are the same for all, and change nothing.
        shown = path == "/" or path.startswith("/static/")
        if not shown and comes_from_another_site(headers, self._own_url()):
            return _error(403, _FOREIGN)
        return None

    def _giving_a_pass(self, send: Send) -> Send:
        async def send_with_pass(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], self._passes.header]
            await send(message)

        return send_with_pass


def presented(authorization: str) -> bytes:
    """`Basic dTpw` -> b"u:p"; empty for anything else."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _denied() -> Response:
    return JSONResponse({"error": "credentials are needed"}, 401, _CHALLENGE)


def _error(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status)
