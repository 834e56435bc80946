"""The Platform API: what an autoscaler calls, at its own address.

The answers have the fields of Heroku's published schema, version 3.
"""

import asyncio
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import h11

from twin.lab.app import DYNOS_MOST, App
from twin.lab.collected import Log
from twin.lab.door import Door
from twin.lab.wire import Headers, Wire, json_body

# Per account, as documented.
TOKENS_MOST = 4500
TOKENS_A_MINUTE = 75

_ACCEPT = re.compile(r"application/vnd\.heroku\+json;\s*version=3")
_PATH = re.compile(r"/apps/(?P<app>[^/?]+)(?P<in_formation>/formation(?:/(?P<kind>[^/?]+))?)?$")
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
    """A status; a proxy's page in place of an answer, as a 502; or no answer at all."""
    method: str = ""
    """Of the requests that it meets; empty for all. Heroku answers only a PATCH with 422."""
    retry_after_s: int | None = None

    def meets(self, request: h11.Request) -> bool:
        return self.method in ("", request.method.decode())


class ApiError(Exception):
    """An answer that is an error: `{"id": ..., "message": ...}`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Tokens:
    """A bucket that is refilled steadily. Time is given in seconds of any steady clock."""

    def __init__(self, now: float) -> None:
        self.left = float(TOKENS_MOST)
        self._at = now

    def take(self, now: float) -> int:
        """Take one; how many are left. Raises ApiError 429 when there is none."""
        refilled = self.left + (now - self._at) * TOKENS_A_MINUTE / 60
        self.left, self._at = min(TOKENS_MOST, refilled), now
        if self.left < 1:
            raise ApiError(429, "Your account reached the API rate limit")
        self.left -= 1
        return int(self.left)


class PlatformApi:
    """Serves the formations of the platform's apps."""

    def __init__(self, key: str, apps: Mapping[str, App], log: Log) -> None:
        self.key = key
        self.tokens = Tokens(asyncio.get_running_loop().time())
        self.calls = 0
        self.in_maintenance: set[str] = set()
        """The names of the apps of which that is said; how they answer is their own affair."""
        self.door: Door
        self._apps = apps
        self._log = log
        self._next: list[Failure] = []
        self._lasting: Failure | None = None

    async def open(self, port: int) -> None:
        self.door = Door(port, self._answer)
        await self.door.open()

    async def close(self) -> None:
        await self.door.close()

    @property
    def url(self) -> str:
        return self.door.url

    def fail_next(self, kind: int | Literal["html", "hang"], times: int = 1) -> None:
        """The next answers are this."""
        self._next += [Failure(kind)] * times

    def fail(self, failure: Failure) -> None:
        """From now on, until it is healed. Slowness, and lines that break, are the door's."""
        self._lasting = failure

    async def heal(self) -> None:
        """Ends what lasts, the faults of the door among it."""
        self._lasting = None
        await self.door.heal()

    async def _answer(self, door: Door, wire: Wire, request: h11.Request) -> None:
        body = await wire.body()
        method, path = request.method.decode(), request.target.decode("ascii", "replace")
        await door.admit(path)
        self.calls += 1
        failure = self._failure(request)
        if failure is not None and failure.kind == "hang":
            await wire.gone()
            raise ConnectionAbortedError("a call was to get no answer")
        headers: Headers = [("Request-Id", str(uuid.uuid4()))]
        status, content = await self._outcome(request, body, headers, failure)
        self._log.info("platform[api]", "api.answered", method=method, path=path, status=status)
        await wire.answer(status, headers, content)

    def _failure(self, request: h11.Request) -> Failure | None:
        if self._next:
            return self._next.pop(0)
        met = self._lasting is not None and self._lasting.meets(request)
        return self._lasting if met else None

    async def _outcome(
        self, request: h11.Request, body: bytes, headers: Headers, failure: Failure | None
    ) -> tuple[int, bytes]:
        """The status and the content; of the headers, those that go with them are added."""
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
        app = self._app(found["app"])
        if not found["in_formation"]:
            return self._about(app, method)
        kind = found["kind"] and _kind(app, found["kind"])
        if method == "GET":
            return formation(app, kind) if kind else [formation(app, k) for k in app.formation]
        asked = _parsed(body)
        if kind:
            await _update(app, {kind: _quantity(asked, app, kind)})
            return formation(app, kind)
        wanted = _updates(asked, app)
        await _update(app, wanted)
        return [formation(app, k) for k in wanted]

    def _about(self, app: App, method: str) -> dict[str, object]:
        """The app itself, as far as an autoscaler asks about it."""
        if method != "GET":
            raise ApiError(403, "Only looks at apps are allowed here.")
        return {"id": app.id, "name": app.name, "maintenance": app.name in self.in_maintenance}

    def _app(self, name: str) -> App:
        for app in self._apps.values():
            if name in (app.name, app.id):
                return app
        raise ApiError(404, "Couldn't find that app.")


def formation(app: App, kind: str) -> dict[str, object]:
    """One process type, as the schema describes it."""
    made = _time(app.ledger.releases[0].at)
    return {
        "app": {"id": app.id, "name": app.name},
        "command": app.ledger.current.procfile[kind],
        "created_at": made,
        "dyno_size": {"id": _uuid(app.size), "name": app.size},
        "id": _formation_id(app, kind),
        "quantity": app.formation[kind],
        "size": app.size,
        "type": kind,
        "updated_at": made,
    }


def _uuid(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, text))


def _formation_id(app: App, kind: str) -> str:
    return _uuid(f"{kind}.{app.name}")


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _kind(app: App, identity: object) -> str:
    """A process type by its name or its id."""
    for kind in app.formation:
        if identity in (kind, _formation_id(app, kind)):
            return kind
    raise ApiError(404, "Couldn't find that process type.")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        raise ApiError(400, "Unable to parse the JSON request.") from None
    if not isinstance(value, dict):
        raise ApiError(422, "Send an object.")
    return value


def _updates(asked: dict[str, Any], app: App) -> dict[str, int]:
    """The quantities of a batch: checked all before the first is changed."""
    updates = asked.get("updates")
    if not isinstance(updates, list) or not all(isinstance(u, dict) for u in updates):
        raise ApiError(422, "Send updates: a list of objects.")
    kinds = [_kind(app, update.get("type")) for update in updates]
    return {kind: _quantity(update, app, kind) for kind, update in zip(kinds, updates, strict=True)}


def _quantity(asked: dict[str, Any], app: App, kind: str) -> int:
    """How many are asked for; as many as there are, if that was left out."""
    quantity = asked.get("quantity", app.formation[kind])
    if type(quantity) is not int or quantity < 0:
        raise ApiError(422, f"Invalid quantity: {quantity!r}")
    most = 1 if app.sleeps else DYNOS_MOST
    if quantity > most:
        raise ApiError(
            422, f"Cannot update to more than {most} {app.size} size dynos per process type."
        )
    return quantity


async def _update(app: App, wanted: Mapping[str, int]) -> None:
    for kind, quantity in wanted.items():
        if quantity != app.formation[kind]:
            await app.scale(kind, quantity)
