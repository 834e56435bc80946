"""Basic authentication, and protection against what other sites make a browser send.

Wrong credentials are counted, logged, and judged at a limited rate: a guesser gets four verdicts a
second, over any number of connections. After five wrong attempts every attempt waits in line before
it is judged, right or wrong. So the time until the answer, or a missing answer, says nothing about
the password.

Twice a second the newest and the oldest in line are judged, so that right credentials get through a
flood within the 3 s that a twin waits. A guesser that waits for each verdict comes back right after
it, so a newcomer is the newest at the next one. Guessers that hang up early leave the newcomer as
the oldest.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twin.clock import Clock
from twin.log import Log
from twin.settings.settings import Credentials
from twin.web.connection import in_line
from twin.web.origin import comes_from_another_site, is_of_a_browser
from twin.web.throttle import LimitedLog, Throttle

_OPEN = "/healthz"
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="twin", charset="UTF-8"'}
_FOR_PROGRAMS = ("/update", "/down", "/watch")
"""The status page requests none of them."""
_NOT_BY_A_LINK = (
    "refused: this comes from a browser, where any link could move the duty; "
    "use the buttons of the status page, or a program such as curl or `python -m twin down`"
)
_FOREIGN = (
    "refused: this request comes from another site; "
    "if that is this twin's own page, set SELF_URL to the URL of the page"
)
_WRONG = "wrong credentials: if it is the other twin, set BASIC_AUTH_* alike on both"
_FREE = 5
"""A person mistypes some times; a peer with an old password tries once a minute."""
_EACH_S = 0.25
_LOG_EVERY_S = 60.0


class Guard:
    """Passes a request on to `app` if it may come in; what it refuses changes nothing."""

    def __init__(
        self,
        app: ASGIApp,
        credentials: Credentials,
        attempts: "Attempts",
        twin: str,
        own_url: Callable[[], str | None],
    ) -> None:
        self._app = app
        self._attempts = attempts
        self._own_url = own_url
        self._expected = f"{credentials.username}:{credentials.password}".encode()
        # A request with this cookie and right credentials waits in no line; it opens nothing by
        # itself. Cookies do not tell two ports of one host apart, so each twin has a name of its
        # own.
        name = hashlib.sha256(twin.encode()).hexdigest()[:8]
        self._cookie = f"twin-{name}={secrets.token_urlsafe(24)}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == _OPEN:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_known = self._is_known(headers)
        refusal = await self._refusal(scope, headers, is_known)
        if refusal is None and not is_known:
            send = self._with_cookie(send)
        await (refusal or self._app)(scope, receive, send)

    async def _refusal(self, scope: Scope, headers: Headers, is_known: bool) -> Response | None:
        if "authorization" not in headers:  # browsers first ask without it
            return _denied()
        right = hmac.compare_digest(presented(headers["authorization"]), self._expected)
        if not (right and is_known):
            with in_line(scope) as is_gone:
                verdict = await self._attempts.judge(right, is_gone)
            if verdict is None:
                return _error(429, "too many wait for their credentials to be checked: try later")
            if not verdict:
                return _denied()
        return self._misuse(scope["path"], headers)

    def _misuse(self, path: str, headers: Headers) -> Response | None:
        """Right credentials are no proof: a browser adds them to whatever a site makes it send."""
        if path in _FOR_PROGRAMS and is_of_a_browser(headers):
            return _error(403, _NOT_BY_A_LINK)
        # The page and its files are the same for all, and change nothing.
        shown = path == "/" or path.startswith("/static/")
        if not shown and comes_from_another_site(headers, self._own_url()):
            return _error(403, _FOREIGN)
        return None

    def _is_known(self, headers: Headers) -> bool:
        cookies = headers.get("cookie", "").split(";")
        return any(hmac.compare_digest(each.strip().encode(), self._cookie) for each in cookies)

    def _with_cookie(self, send: Send) -> Send:
        cookie = (b"set-cookie", self._cookie + b"; Path=/; HttpOnly; SameSite=Strict")

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], cookie]
            await send(message)

        return send_with_cookie


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


@dataclass(eq=False, frozen=True, slots=True)
class _Attempt:
    right: bool
    is_gone: Callable[[], bool]
    verdict: asyncio.Future[bool]


class Attempts:
    """Judges credentials at a limited rate. Lives on one event loop."""

    def __init__(self, clock: Clock, log: Log, most_waiting: int) -> None:
        """Each attempt that waits holds a connection."""
        self._clock = clock
        self._log = LimitedLog(clock, log, Throttle(1, _LOG_EVERY_S))
        self._most_waiting = most_waiting
        self._throttle = Throttle(_FREE, _EACH_S)
        self._waiting: deque[_Attempt] = deque()
        self._judging: asyncio.Task[None] | None = None

    @property
    def refused(self) -> int:
        """How many since the boot."""
        return self._throttle.count

    async def judge(self, right: bool, is_gone: Callable[[], bool]) -> bool | None:
        """Whether the credentials are right, once that may be said; None if too many wait.

        `is_gone` says whether the client has hung up.
        """
        if not self._waiting and not self._wait_s():
            return self._count(right)
        if len(self._waiting) >= self._most_waiting:
            self._drop_those_gone()
        if len(self._waiting) >= self._most_waiting:
            return None
        attempt = _Attempt(right, is_gone, asyncio.get_running_loop().create_future())
        self._waiting.append(attempt)
        if self._judging is None or self._judging.done():
            self._judging = asyncio.create_task(self._judge_all())
        return await attempt.verdict

    async def _judge_all(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._wait_s())
            self._drop_those_gone()
            for end in (self._waiting.pop, self._waiting.popleft):
                if self._waiting:
                    attempt = end()
                    attempt.verdict.set_result(self._count(attempt.right))

    def _drop_those_gone(self) -> None:
        waiting = deque[_Attempt]()
        for attempt in self._waiting:
            if attempt.verdict.done():  # its request was cancelled
                continue
            if attempt.is_gone():
                attempt.verdict.set_result(False)  # which nobody reads
            else:
                waiting.append(attempt)
        self._waiting = waiting

    def _count(self, right: bool) -> bool:
        if not right:
            self._throttle = self._throttle.happened(self._clock.now().mono)
            self._log.warning("login.failed", count=self.refused, because=_WRONG)
        return right

    def _wait_s(self) -> float:
        return self._throttle.wait_s(self._clock.now().mono)
