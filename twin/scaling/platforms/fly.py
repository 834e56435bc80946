"""The machines of one process group of a Fly app.

API: https://fly.io/docs/machines/api/machines-resource/. Machines that exist are started and
stopped; none is made or destroyed.
"""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import httpx

from twin.core.parser import Parser
from twin.core.scaling.target import Reading, TargetError
from twin.http.urls import safe_url
from twin.scaling.platforms.api import json_of
from twin.scaling.platforms.rest import RestTarget, Words, read_key

_PLACE = re.compile(r"([a-z0-9][-a-z0-9]{0,62})(?:/([A-Za-z0-9_-]{1,63}))?")
_RUNNING = ("started", "starting", "replacing", "updating", "restarting")
_AT_REST = ("stopped", "suspended", "created")
"""Machines in any other state are on their way out, or broken, and do not count."""
_OF_FLY = "fly_app_"
"""How the groups of Fly's own short-lived machines begin, such as that of a release command."""
_SIDE_BY_SIDE = 16
"""Each machine has a rate limit to itself: one request a second."""
_STOP = {"signal": "SIGTERM", "timeout": "30s"}


@dataclass(frozen=True, slots=True)
class FlyAddress:
    """An app and one of its process groups, and a token that may deploy it."""

    EXAMPLE: ClassVar[str] = "a Fly app, such as fly:shop or fly:shop/worker"
    allows_zero: ClassVar[bool] = True
    is_beyond: ClassVar[bool] = True

    app: str
    group: str
    """Empty if the app has one only."""
    key: str = field(repr=False)
    api_url: str = "https://api.machines.dev/v1"

    @classmethod
    def read(cls, place: str, parser: Parser, environ: Mapping[str, str]) -> Self | None:
        found = _PLACE.fullmatch(place)
        if found is None:
            return None
        remedy = f"make one with `fly tokens create deploy --app {found[1]}`"
        address = cls(found[1], found[2] or "", read_key(parser, environ, remedy, "FlyV1 "))
        return replace(address, api_url=parser.parsed("api_url", safe_url, address.api_url))

    @property
    def name(self) -> str:
        return f"fly:{self.app}/{self.group}" if self.group else f"fly:{self.app}"

    def connect(self) -> "FlyTarget":
        return FlyTarget(self)


PLATFORM = FlyAddress


class FlyTarget(RestTarget):
    """The number of machines that run."""

    WORDS = Words(
        vendor="Fly",
        api="Fly's Machines API",
        key="Make a new one with `fly tokens create deploy`",
        rights="take a token that may deploy the app",
        place="check the app's name with `fly apps list`",
        more="make more machines with `fly scale count`",
    )

    def __init__(
        self, address: FlyAddress, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        scheme = "FlyV1" if address.key.startswith("fm") else "Bearer"
        headers = {"Authorization": f"{scheme} {address.key}"}
        super().__init__(address.name, address.api_url, address.key, headers, transport)
        self._group = address.group
        self._path = f"/apps/{address.app}/machines"
        self._running: list[str] = []
        self._at_rest: list[str] = []
        """The ids of machines by the last look, always in the same order."""

    def look(self) -> Reading:
        machines = self._machines()
        self._running, self._at_rest = (
            sorted(str(each["id"]) for each in machines if each.get("state") in states)
            for states in (_RUNNING, _AT_REST)
        )
        number = len(self._running)
        return Reading(number, rival=self._rival(machines), most=number + len(self._at_rest))

    def scale(self, quantity: int) -> int:
        """A machine takes a moment to start or stop, so another look follows."""
        more = quantity - len(self._running)
        if more > 0:
            paths = [f"{self._path}/{each}/start" for each in self._at_rest[:more]]
        else:
            paths = [f"{self._path}/{each}/stop" for each in self._running[more:]]
        body = None if more > 0 else _STOP
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as side_by_side:
            list(side_by_side.map(lambda path: self.answer("POST", path, body), paths))
        return self.look().quantity

    def _machines(self) -> list[dict[str, Any]]:
        """Those of the group; spare machines, which Fly starts when another fails, are left out."""
        found = json_of(self.answer("GET", self._path))
        if not isinstance(found, list) or not all(
            isinstance(each, dict) and "id" in each for each in found
        ):
            raise self.without("the machines")
        machines = [each for each in found if not _config(each).get("standbys")]
        groups = {_group(each) for each in machines}
        groups = {name for name in groups if not name.startswith(_OF_FLY)}
        wanted = {self._group} if self._group else groups
        if not groups & wanted or len(wanted) > 1:
            names = ", ".join(sorted(groups)) or "none: make some with `fly scale count`"
            raise TargetError(
                f"{self.name} must name one process group of machines; there are {names}",
                heals=False,
            )
        return [each for each in machines if _group(each) in wanted]

    def _rival(self, machines: list[dict[str, Any]]) -> str:
        for machine in machines:
            for service in _config(machine).get("services") or ():
                if service.get("autostop") not in (None, False, "off"):
                    return (
                        f"Fly stops idle machines of {self.name} by itself: turn that off with "
                        'auto_stop_machines = "off" in fly.toml, and deploy, or take this target '
                        "away"
                    )
        return ""


def _config(machine: dict[str, Any]) -> dict[str, Any]:
    return machine.get("config") or {}


def _group(machine: dict[str, Any]) -> str:
    return str((_config(machine).get("metadata") or {}).get("fly_process_group") or "app")
