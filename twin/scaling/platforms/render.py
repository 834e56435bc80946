"""One service on Render.

Paths, bodies and limits: https://api-docs.render.com/reference/scale-service
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import httpx

from twin.core.parser import Parser
from twin.core.scaling.target import Reading
from twin.http.urls import safe_url
from twin.scaling.platforms.api import told
from twin.scaling.platforms.rest import RestTarget, Words, quantity_in, read_key

_PLACE = re.compile("srv-[A-Za-z0-9]{1,40}")
_MOST = 100


@dataclass(frozen=True, slots=True)
class RenderAddress:
    """A service, by its id, and the key of an account that may scale it."""

    EXAMPLE: ClassVar[str] = "a Render service, such as render:srv-d1a2b3c4e5f6"
    allows_zero: ClassVar[bool] = True
    is_beyond: ClassVar[bool] = True

    service: str
    key: str = field(repr=False)
    api_url: str = "https://api.render.com/v1"

    @classmethod
    def read(cls, place: str, parser: Parser, environ: Mapping[str, str]) -> Self | None:
        if not _PLACE.fullmatch(place):
            return None
        key = read_key(parser, environ, "make one at https://dashboard.render.com/settings")
        address = cls(place, key)
        return replace(address, api_url=parser.parsed("api_url", safe_url, address.api_url))

    @property
    def name(self) -> str:
        return f"render:{self.service}"

    def connect(self) -> "RenderTarget":
        return RenderTarget(self)


PLATFORM = RenderAddress


class RenderTarget(RestTarget):
    """The number of a service's instances; a suspended service has none."""

    WORDS = Words(
        vendor="Render",
        api="Render's API",
        key="Make a new one at https://dashboard.render.com/settings",
        rights="take the key of a member of its workspace who may scale it",
        place="check the id, which is in the address of the service's page in the Dashboard",
        more="give the service a paid instance type and no disk",
    )

    def __init__(
        self, address: RenderAddress, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        headers = {"Authorization": f"Bearer {address.key}"}
        super().__init__(address.name, address.api_url, address.key, headers, transport)
        self._path = f"/services/{address.service}"
        self._instances, self._is_suspended = 0, False
        """What it is scaled to, also while it is suspended; and whether it is, by the last look."""

    def look(self) -> Reading:
        match told(self.answer("GET", self._path)):
            case {
                "suspended": "suspended" | "not_suspended" as state,
                "serviceDetails": {"numInstances": instances, **details},
            } if quantity_in(instances) is not None:
                self._instances, self._is_suspended = instances, state == "suspended"
                quantity = 0 if self._is_suspended else instances
                return Reading(quantity, rival=self._rival(details), most=_most(details))
        raise self.without("the number of instances")

    def scale(self, quantity: int) -> int:
        """Render answers 202 without a body, so another look follows."""
        if quantity == 0:
            self.answer("POST", f"{self._path}/suspend")
        else:
            if self._is_suspended:
                self.answer("POST", f"{self._path}/resume")
            if quantity != self._instances:
                body = {"numInstances": quantity}
                self.answer("POST", f"{self._path}/scale", body, asked_for=quantity)
        return self.look().quantity

    def _rival(self, details: Mapping[object, object]) -> str:
        match details:
            case {"autoscaling": {"enabled": True}}:
                return (
                    f"Render's own autoscaling is on for {self.name}, and ignores any other "
                    "number: turn it off on the service's Scaling page, or take this target away"
                )
        return ""


def _most(details: Mapping[object, object]) -> int:
    """A free instance and one with a disk stay alone."""
    return 1 if details.get("plan") == "free" or details.get("disk") else _MOST
