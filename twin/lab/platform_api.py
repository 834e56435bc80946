"""The Platform API, at an address of its own: the part of Heroku's version 3 that scales."""

import asyncio
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Literal

import h11

from twin.lab.app import DYNOS_MOST, App
from twin.lab.collected import Log
from twin.lab.door import Door
from twin.lab.wire import Headers, Wire, json_body

TOKENS_MOST, TOKENS_A_MINUTE = 4500, 75
"""Per account, as documented."""

_ACCEPT = re.compile(r"application/vnd\.heroku\+json;\s*version=3")
_PATH = re.compile(r"/apps/(?P<app>[^/?]+)(?:/formation/(?P<kind>[^/?]+))?$")
_HTML = b"<!DOCTYPE html><title>Bad gateway</title><h1>502 Bad gateway</h1>\n"

_IDS = {
    400: "bad_request",
    401: "unauthorized",
    402: "payment_required",
    403: "forbidden",
    404: "not_found",
    406: "not_acceptable",
    422: "invalid_params",
    429: "rate_limit",
    500: "internal_server_error",
    503: "maintenance",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """How the API goes wrong."""

    kind: int | Literal["html", "hang"]
    """A status; a proxy's page, as a 502; or no answer at all."""
    method: str = ""
    """Only for requests with this method. Heroku answers only a PATCH with 422."""
    retry_after_s: int | None = None

    def meets(self, request: h11.Request) -> bool:
        return self.method in ("", request.method.decode())


class ApiError(Exception):
    """Answered as `{"id": ..., "message": ...}`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Tokens:
    """A bucket that refills steadily. `now` is in seconds of any steady clock."""

    def __init__(self, now: float) -> None:
        self.left = float(TOKENS_MOST)
        self._at = now

    def take(self, now: float) -> int:
        """Take one. Returns how many are left. Raises ApiError 429 if there is none."""
        refilled = self.left + (now - self._at) * TOKENS_A_MINUTE / 60
        self.left, self._at = min(TOKENS_MOST, refilled), now
        if self.left < 1:
            raise ApiError(429, "Your account reached the API rate limit")
        self.left -= 1
        return int(self.left)


class PlatformApi:
    """Serves the process types of the platform's apps."""

    def __init__(self, key: str, apps: Mapping[str, App], log: Log) -> None:
        self.key = key
        self.tokens = Tokens(asyncio.get_running_loop().time())
        self.calls = 0
        self.in_maintenance: set[str] = set()
        """Names of apps. Their own answers do not change."""
        self.door: Door
        self._apps = apps
        self._log = log
        self._failure: Failure | None = None
        self._failures = 0.0

    async def open(self, port: int) -> None:
        self.door = Door(port, self._answer)
        await self.door.open()

    async def close(self) -> None:
        await self.door.close()

    @property
    def url(self) -> str:
        return self.door.url

    def fail(self, failure: Failure, times: float = inf) -> None:
        """Fail so many requests, or all until `heal`. For other faults see the door."""
        self._failure, self._failures = failure, times

    async def heal(self) -> None:
        """End the failure, and the faults of the door."""
        self._failure = None
        await self.door.heal()

    async def _answer(self, door: Door, wire: Wire, request: h11.Request) -> None:
        body = await wire.body()
        method, path = request.method.decode(), request.target.decode("ascii", "replace")
        await door.admit(path)
        self.calls += 1
        failure = self._failure_of(request)
        if failure is not None and failure.kind == "hang":
            await wire.gone()
            raise ConnectionAbortedError("this call gets no answer")
        headers: Headers = [("Request-Id", str(uuid.uuid4()))]
        status, content = await self._outcome(request, body, headers, failure)
        self._log.info("platform[api]", "api.answered", method=method, path=path, status=status)
        await wire.answer(status, headers, content)

    def _failure_of(self, request: h11.Request) -> Failure | None:
        failure = self._failure
        if failure is None or not self._failures or not failure.meets(request):
            return None
        self._failures -= 1
        return failure

    async def _outcome(
        self, request: h11.Request, body: bytes, headers: Headers, failure: Failure | None
    ) -> tuple[int, bytes]:
        """The status and the content. Adds the headers that go with them."""
        if failure is not None and failure.retry_after_s is not None:
            headers.append(("Retry-After", str(failure.retry_after_s)))
        if failure is not None and failure.kind == "html":
            headers.append(("Content-Type", "text/html"))
            return 502, _HTML
        headers.append(("Content-Type", "application/json"))
        try:
            self._authorize(dict(request.headers))
            left = self.tokens.take(asyncio.get_running_loop().time())
            headers.append(("RateLimit-Remaining", str(left)))
            if failure is not None:
                raise ApiError(int(failure.kind), "This failure was asked for")
            return 200, json_body(await self._do(request, body))
        except ApiError as error:
            name = _IDS.get(error.status, "internal_server_error")
            return error.status, json_body({"id": name, "message": error.message})

    def _authorize(self, headers: dict[bytes, bytes]) -> None:
        if headers.get(b"authorization", b"").decode("latin-1") != f"Bearer {self.key}":
            raise ApiError(401, "Invalid credentials provided.")
        if not _ACCEPT.search(headers.get(b"accept", b"").decode("latin-1")):
            raise ApiError(406, "Send Accept: application/vnd.heroku+json; version=3")

    async def _do(self, request: h11.Request, body: bytes) -> object:
        method = request.method.decode()
        found = _PATH.match(request.target.decode("ascii", "replace"))
        if not found or method not in ("GET", "PATCH"):
            raise ApiError(404, "The requested API endpoint was not found.")
        app, kind = self._app(found["app"]), found["kind"]
        if kind is None:
            if method != "GET":
                raise ApiError(403, "Only looks at apps are allowed here.")
            return {"id": app.id, "name": app.name, "maintenance": app.name in self.in_maintenance}
        if kind not in app.formation:
            raise ApiError(404, "Couldn't find that process type.")
        if method == "PATCH":
            quantity = _quantity(body, app, kind)
            if quantity != app.formation[kind]:
                await app.scale(kind, quantity)
        return formation(app, kind)

    def _app(self, name: str) -> App:
        for app in self._apps.values():
            if name in (app.name, app.id):
                return app
        raise ApiError(404, "Couldn't find that app.")


def formation(app: App, kind: str) -> dict[str, object]:
    """One process type, as the schema describes it."""
    made = f"{datetime.fromtimestamp(app.releases[0].at, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {
        "app": {"id": app.id, "name": app.name},
        "command": app.procfile[kind],
        "created_at": made,
        "dyno_size": {"id": _uuid(app.size), "name": app.size},
        "id": _uuid(f"{kind}.{app.name}"),
        "quantity": app.formation[kind],
        "size": app.size,
        "type": kind,
        "updated_at": made,
    }


def _uuid(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, text))


def _quantity(body: bytes, app: App, kind: str) -> int:
    """How many are asked for; as many as there are, if that was left out."""
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        raise ApiError(400, "Unable to parse the JSON request.") from None
    if not isinstance(asked, dict):
        raise ApiError(422, "Send an object.")
    quantity = asked.get("quantity", app.formation[kind])
    if type(quantity) is not int or quantity < 0:
        raise ApiError(422, f"Invalid quantity: {quantity!r}")
    most = 1 if app.sleeps else DYNOS_MOST
    if quantity > most:
        text = f"Cannot update to more than {most} {app.size} size dynos per process type."
        raise ApiError(422, text)
    return quantity
