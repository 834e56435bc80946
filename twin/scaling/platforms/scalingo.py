"""One container type of a Scalingo app.

API: https://developers.scalingo.com/apps#scale-an-application
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import httpx

from twin.core.parser import Parser
from twin.core.scaling.target import Reading, TargetError
from twin.http.urls import safe_url
from twin.scaling.platforms.api import Answer, Cases, told
from twin.scaling.platforms.rest import RestTarget, Words, quantity_in, read_key

_PLACE = re.compile(r"([a-z0-9](?:[-a-z0-9]{0,46}[a-z0-9])?)(?:/([A-Za-z0-9_-]{1,64}))?")
_EXCHANGE = "https://auth.scalingo.com/v1/tokens/exchange"
_MOST = 10
"""Of one type, unless their support raised it."""


@dataclass(frozen=True, slots=True)
class ScalingoAddress:
    """A container type of an app, and the token of an account that may scale it."""

    EXAMPLE: ClassVar[str] = "a Scalingo app, such as scalingo:shop or scalingo:shop/worker"
    allows_zero: ClassVar[bool] = True
    is_beyond: ClassVar[bool] = True

    app: str
    container_type: str
    key: str = field(repr=False)
    api_url: str = "https://api.osc-fr1.scalingo.com/v1"

    @classmethod
    def read(cls, place: str, parser: Parser, environ: Mapping[str, str]) -> Self | None:
        found = _PLACE.fullmatch(place)
        if found is None:
            return None
        key = read_key(parser, environ, "make an API token in the profile of your account")
        address = cls(found[1], found[2] or "web", key)
        return replace(address, api_url=parser.parsed("api_url", safe_url, address.api_url))

    @property
    def name(self) -> str:
        return f"scalingo:{self.app}/{self.container_type}"

    def connect(self) -> "ScalingoTarget":
        return ScalingoTarget(self)


PLATFORM = ScalingoAddress


class ScalingoTarget(RestTarget):
    """The number of containers of one type."""

    WORDS = Words(
        vendor="Scalingo",
        api="Scalingo's API",
        key="Make a new one in the profile of your account",
        rights="take the token of an owner or collaborator of the app",
        place="check the names of the app and its container type with `scalingo ps`, and its "
        "region, which SCALE_API_URL names",
        more="ask Scalingo's support",
    )
    CASES: ClassVar[Cases] = (
        (
            "402",
            "Scalingo wants a confirmed way to be paid before it scales {target} (402{message}): "
            "see https://dashboard.scalingo.com/billing",
        ),
    )

    def __init__(
        self, address: ScalingoAddress, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        # Without a base: tokens are exchanged on another host.
        super().__init__(address.name, "", address.key, {}, transport)
        self._login = base64.b64encode(f":{address.key}".encode()).decode()
        self._type = address.container_type
        self._path = f"{address.api_url}/apps/{address.app}"
        self._bearer = ""
        """Valid for an hour; empty before the first request, and once it is refused."""

    def read(self) -> Reading:
        return Reading(self._amount(self._ask("GET", f"{self._path}/containers")), most=_MOST)

    def look(self) -> Reading:
        return replace(self.read(), rival=self._rival())

    def scale(self, quantity: int) -> int:
        body = {"containers": [{"name": self._type, "amount": quantity}]}
        return self._amount(self._ask("POST", f"{self._path}/scale", body, quantity))

    def _amount(self, answer: Answer) -> int:
        containers = told(answer).get("containers")
        for each in containers if isinstance(containers, list) else ():
            match each:
                case {"name": self._type, "amount": amount} if quantity_in(amount) is not None:
                    return int(amount)
        if isinstance(containers, list):
            raise TargetError(
                f"{self.name} is not there: the app has no containers of the type {self._type}. "
                "Check SCALE_TARGET, and the app's Procfile",
                heals=False,
            )
        raise self.without("the containers")

    def _rival(self) -> str:
        answer = told(self._ask("GET", f"{self._path}/autoscalers"))
        found = answer.get("autoscalers")
        for each in found if isinstance(found, list) else ():
            match each:
                case {"container_type": self._type, **more} if more.get("disabled") is not True:
                    return (
                        f"Scalingo's own autoscaler is on for {self.name}: turn it off with "
                        f"`scalingo autoscalers-disable {self._type}`, or take this target away"
                    )
        return ""

    def _ask(self, method: str, path: str, body: object = None, asked_for: int = 0) -> Answer:
        """Exchanges the key for a bearer token first, and again once that one has expired."""
        had_one = bool(self._bearer)
        try:
            return self._asked(method, path, body, asked_for)
        except TargetError:
            if not had_one or self._bearer:
                raise
        return self._asked(method, path, body, asked_for)

    def _asked(self, method: str, path: str, body: object, asked_for: int) -> Answer:
        self._bearer = self._bearer or self._exchanged()
        headers = {"Authorization": f"Bearer {self._bearer}"}
        return self.answer(method, path, body, headers, asked_for)

    def is_fine(self, answer: Answer) -> bool:
        if answer.status == 401:
            self._bearer = ""
        return answer.is_success

    def _exchanged(self) -> str:
        headers = {"Authorization": f"Basic {self._login}"}
        token = told(self.answer("POST", _EXCHANGE, headers=headers)).get("token")
        if not isinstance(token, str) or not re.fullmatch("[!-~]+", token):
            raise self.without("a token for the key")
        self._secrets[1:] = [token]
        return token
