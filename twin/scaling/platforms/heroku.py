"""One process type of a Heroku app, scaled through the Platform API.

Paths, headers and bodies: https://devcenter.heroku.com/articles/platform-api-reference#formation
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import httpx

from twin.core.parser import Parser
from twin.core.scaling.target import AGAIN, Reading
from twin.http.urls import safe_url
from twin.scaling.platforms.api import Answer, Cases, told
from twin.scaling.platforms.rest import RestTarget, Words, quantity_in, read_key

_PLACE = re.compile(r"([A-Za-z0-9-]{1,30})(?:/([-A-Za-z0-9_]{1,128}))?")


@dataclass(frozen=True, slots=True)
class HerokuAddress:
    """A process type of an app, by its name or id, and the key of an account that may scale it."""

    EXAMPLE: ClassVar[str] = "a Heroku app, such as my-app or my-app/worker"
    allows_zero: ClassVar[bool] = True
    is_beyond: ClassVar[bool] = True

    app: str
    process_type: str
    key: str = field(repr=False)
    api_url: str = "https://api.heroku.com"

    @classmethod
    def read(cls, place: str, parser: Parser, environ: Mapping[str, str]) -> Self | None:
        found = _PLACE.fullmatch(place)
        if found is None:
            return None
        key = read_key(parser, environ, "make one with `heroku authorizations:create`")
        address = cls(found[1], found[2] or "web", key)
        return replace(address, api_url=parser.parsed("api_url", safe_url, address.api_url))

    @property
    def name(self) -> str:
        return f"{self.app}/{self.process_type}"

    def connect(self) -> "HerokuTarget":
        return HerokuTarget(self)


PLATFORM = HerokuAddress


class HerokuTarget(RestTarget):
    """The quantity of one process type."""

    WORDS = Words(
        vendor="Heroku",
        api="the Platform API",
        key="Make a new one with `heroku authorizations:create --description twin`",
        rights="take the key of an account that may deploy the app, with the scope `write` or "
        "`global`",
        place="check the app's name, and that the Procfile of its current release has the process "
        "type",
        more="choose a dyno size that allows more with `heroku ps:type`",
    )
    CASES: ClassVar[Cases] = (
        (
            "402|422 .*(verif|billing|payment|credit card|delinquent)",
            "Heroku wants a confirmed way to be paid before it scales {target} "
            "({status}{message}): see https://dashboard.heroku.com/account/billing",
        ),
        (
            "403 .*suspended",
            "Heroku has suspended the account or the app of {target} (403{message}): ask its "
            "support",
        ),
        ("404|410", "{target} is not there ({status}{message}): {place} {type}"),
        (
            "422 .*(process type.*(not found|unknown|not exist)"
            "|(find( that)?|no such|unknown|invalid) process type)",
            "the current release of {app} has no process type {type} (422{message}): check "
            "SCALE_TARGET, and the app's Procfile",
        ),
        (
            r"422 .*(\block(ed)?\b|in progress|under way|try again"
            "|being (deployed|released|updated))",
            "another change of {target} is under way ({status}{message}): " + AGAIN,
        ),
        (
            "422 .*(dyno (type|size)|process tier|eco|basic)",
            "the dyno size of {target} does not allow this (422{message}): choose another one "
            "with `heroku ps:type`",
        ),
    )

    def __init__(
        self, address: HerokuAddress, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        headers = {
            "Accept": "application/vnd.heroku+json; version=3",
            "Authorization": f"Bearer {address.key}",
        }
        super().__init__(address.name, address.api_url, address.key, headers, transport)
        self.details = {"app": address.app, "type": address.process_type}
        self._app = f"/apps/{address.app}"
        self._path = f"{self._app}/formation/{address.process_type}"

    def look(self) -> Reading:
        return Reading(self._quantity(self.answer("GET", self._path)))

    def write(self, quantity: int) -> int:
        return self.scale(quantity)  # without a look: the answer is the new formation

    def scale(self, quantity: int) -> int:
        body = {"quantity": quantity}
        return self._quantity(self.answer("PATCH", self._path, body, asked_for=quantity))

    def is_closed(self) -> bool:
        """Whether somebody said `heroku maintenance:on`. Raises TargetError."""
        return told(self.answer("GET", self._app)).get("maintenance") is True

    def _quantity(self, answer: Answer) -> int:
        """From the formation in the answer; of its other fields, any may be missing."""
        formation, process_type = told(answer), self.details["type"]
        quantity = quantity_in(formation.get("quantity"))
        # The id of a process type is as good as its name in the path, so only a name can differ.
        if quantity is None or formation.get("type", process_type) != process_type:
            raise self.without("the quantity")
        return quantity
