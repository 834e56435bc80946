"""One service on Railway, in one environment.

API: https://docs.railway.com/integrations/api. A change goes the way of `railway scale`: a patch of
the environment, which adds or removes replicas without a new deployment. Setting `numReplicas` by
`serviceInstanceUpdate` would wait for the next one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import httpx

from twin.core.parser import Parser
from twin.core.scaling.target import AGAIN, Reading, TargetError
from twin.http.urls import safe_url
from twin.scaling.platforms.api import Answer, Cases, told
from twin.scaling.platforms.rest import RestTarget, Words, quantity_in, read_key

_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PLACE = re.compile(f"({_ID})/({_ID})")
_MOST = 50
"""Of any plan, in all regions."""
_REQUESTS_AN_HOUR = 100
"""On the smallest plan; assumed where the API does not say how many are left."""
_QUERY = """query ($service: String!, $environment: String!) {
  serviceInstance(serviceId: $service, environmentId: $environment) { numReplicas }
  environment(id: $environment) { config(decryptVariables: false) }
}"""
_CHANGE = """mutation ($environment: String!, $patch: EnvironmentConfig!, $message: String) {
  environmentPatchCommit(environmentId: $environment, patch: $patch, commitMessage: $message)
}"""


@dataclass(frozen=True, slots=True)
class RailwayAddress:
    """A service and an environment, by their ids, and a token of that environment."""

    EXAMPLE: ClassVar[str] = (
        "a Railway service in an environment, such as "
        "railway:0a1b2c3d-0000-4000-8000-000000000001/0a1b2c3d-0000-4000-8000-000000000002"
    )
    allows_zero: ClassVar[bool] = False
    is_beyond: ClassVar[bool] = True

    service: str
    environment: str
    key: str = field(repr=False)
    api_url: str = "https://backboard.railway.com/graphql/v2"

    @classmethod
    def read(cls, place: str, parser: Parser, environ: Mapping[str, str]) -> Self | None:
        found = _PLACE.fullmatch(place)
        if found is None:
            return None
        key = read_key(parser, environ, "make a project token in the settings of the project")
        address = cls(found[1], found[2], key)
        return replace(address, api_url=parser.parsed("api_url", safe_url, address.api_url))

    @property
    def name(self) -> str:
        return f"railway:{self.service}/{self.environment}"

    def connect(self) -> "RailwayTarget":
        return RailwayTarget(self)


PLATFORM = RailwayAddress


class RailwayTarget(RestTarget):
    """The replicas of one service in all its regions. Railway scales none by load."""

    WORDS = Words(
        vendor="Railway",
        api="Railway's API",
        key="Make a new one in the settings of the project, under Tokens",
        rights="take a project token of this environment",
        place="copy the ids of service and environment anew, with Ctrl-K in the project",
        more="choose a larger plan",
    )
    LEFT = "X-RateLimit-Remaining"
    # Errors come with status 200, too.
    CASES: ClassVar[Cases] = (
        (
            "200.*(rate ?limit|too many)",
            "{vendor} allows no more requests for now ({status}): " + AGAIN,
        ),
        (
            "(200|400).*(not authorized|unauthorized|invalid.*token)",
            "{api} does not know the key for {target}, or not for this environment "
            "({status}{message}). {key}",
        ),
        ("(200|400).*not found", "{target} is not there ({status}{message}): {place}"),
        ("200.*problem processing", "{api} is out of order ({status}{message}): " + AGAIN),
        (
            "200",
            "{vendor} does not accept this for {target} ({status}{message}): the message names "
            "the reason. Repair that, or lower SCALE_MAX and SCALE_TIMETABLE",
        ),
    )

    def __init__(
        self, address: RailwayAddress, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        headers = {"Project-Access-Token": address.key}
        super().__init__(address.name, address.api_url, address.key, headers, transport)
        self._address = address
        self._regions: dict[str, int] = {}
        """The replicas of each region by the last look; empty if the service names none."""

    def is_fine(self, answer: Answer) -> bool:
        return answer.is_success and not told(answer).get("errors")

    def look(self) -> Reading:
        of = {"service": self._address.service, "environment": self._address.environment}
        data = self._ask(_QUERY, of)
        match data:
            case {
                "serviceInstance": {"numReplicas": replicas},
                "environment": {"config": {"services": {**services}}},
            }:
                self._regions = _regions(services.get(self._address.service))
                quantity = sum(self._regions.values()) or quantity_in(replicas)
                if quantity is not None or replicas is None:
                    return Reading(1 if quantity is None else quantity, most=_MOST)
        raise self.without("the replicas")

    def scale(self, quantity: int) -> int:
        """Railway answers with an id, so another look follows."""
        if quantity == 0:
            raise TargetError(
                f"Railway cannot run {self.name} without a replica: write 1 or more into "
                "SCALE_TIMETABLE",
                heals=False,
            )
        patch = {"services": {self._address.service: {"deploy": self._deploy(quantity)}}}
        of = {"environment": self._address.environment, "patch": patch}
        self._ask(_CHANGE, {**of, "message": f"Twin: scale to {quantity}"}, quantity)
        return self.look().quantity

    def _deploy(self, quantity: int) -> dict[str, Any]:
        if not self._regions:
            return {"numReplicas": quantity}
        regions = spread(self._regions, quantity).items()
        return {
            "multiRegionConfig": {
                # None takes the service out of a region, as the dashboard does it.
                name: {"numReplicas": number} if number else None
                for name, number in regions
            }
        }

    def _ask(self, query: str, variables: Mapping[str, object], asked_for: int = 0) -> object:
        body = {"query": query, "variables": variables}
        answer = self.answer("POST", "", body, asked_for=asked_for)
        if self.requests_left is None:
            self.requests_left = _REQUESTS_AN_HOUR
        return told(answer).get("data")


def spread(regions: Mapping[str, int], quantity: int) -> dict[str, int]:
    """Another quantity over the same regions: the smallest grows first, the largest shrinks."""
    changed = dict(regions)
    while sum(changed.values()) < quantity:
        changed[min(changed, key=lambda name: changed[name])] += 1
    while sum(changed.values()) > quantity:
        changed[max(changed, key=lambda name: changed[name])] -= 1
    return changed


def _regions(service: object) -> dict[str, int]:
    match service:
        case {"deploy": {"multiRegionConfig": {**regions}}}:
            found = {
                str(name): quantity_in(each.get("numReplicas"))
                for name, each in regions.items()
                if isinstance(each, dict)
            }
            return {name: number for name, number in found.items() if number}
    return {}
