"""One process type of a Heroku app, scaled through the Platform API.

Paths, headers and bodies: https://devcenter.heroku.com/articles/platform-api-reference#formation
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import httpx

from twin.core.parser import Parser
from twin.core.scaling.target import AGAIN, Reading, TargetError
from twin.http.cause import cause
from twin.http.urls import safe_url
from twin.scaling.platforms.api import NO_ANSWER, REQUEST_S, Api, Cases, case_of, message, told

_PLACE = re.compile(r"([A-Za-z0-9-]{1,30})(?:/([-A-Za-z0-9_]{1,128}))?")


@dataclass(frozen=True, slots=True)
class HerokuAddress:
    """A process type of an app, by its name or id, and the key of an account that may scale it."""

    EXAMPLE: ClassVar[str] = "a Heroku app, such as my-app or my-app/worker"
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
        address = cls(found[1], found[2] or "web", _key(parser, environ))
        return replace(address, api_url=parser.parsed("api_url", safe_url, address.api_url))

    @property
    def name(self) -> str:
        return f"{self.app}/{self.process_type}"

    def connect(self) -> "HerokuTarget":
        return HerokuTarget(self)


PLATFORM = HerokuAddress


def _key(parser: Parser, environ: Mapping[str, str]) -> str:
    variable = parser.text("api_key_env") or "SCALE_API_KEY"
    # In capitals, since anything else could be a key itself, which must not be repeated.
    if not re.fullmatch("[A-Z][A-Z0-9_]*", variable):
        parser.problem(
            "api_key_env must name an environment variable in capitals, such as OTHER_KEY"
        )
        return ""
    key = environ.get(variable, "").strip()
    if not re.fullmatch("[!-~]*", key):  # it could not stand in a header, nor be shown here
        parser.problem(f"{variable} has characters that no key has: copy it again")
    if not key:
        parser.problem(f"{variable} is not set: make one with `heroku authorizations:create`")
    return key


_KEY_CHARS = 6
"""A shorter key is none of Heroku's, and its letters are in other words, too."""

_UNPAID = (
    "Heroku wants a confirmed way to be paid before it scales {target} ({status}{message}): "
    "see https://dashboard.heroku.com/account/billing"
)
_ELSEWHERE = "another change of {target} is under way ({status}{message}): " + AGAIN
_CASES: Cases = (
    (
        "401",
        "the Platform API does not know the key for {target} (401): it is wrong, expired or "
        "revoked. Make a new one with `heroku authorizations:create --description twin`",
    ),
    ("402|422 .*(verif|billing|payment|credit card|delinquent)", _UNPAID),
    (
        "403 .*suspended",
        "Heroku has suspended the account or the app of {target} (403{message}): ask its support",
    ),
    (
        "403",
        "its key may not scale {target} (403{message}): take the key of an account that may deploy "
        "the app, with the scope `write` or `global`",
    ),
    (
        "404|410",
        "{target} is not there ({status}{message}): check the app's name, and that the Procfile of "
        "its current release has the process type {type}",
    ),
    (
        "422 .*(process type.*(not found|unknown|not exist)"
        "|(find( that)?|no such|unknown|invalid) process type)",
        "the current release of {app} has no process type {type} (422{message}): check "
        "SCALE_TARGET, and the app's Procfile",
    ),
    (
        r"409|423|422 .*(\block(ed)?\b|in progress|under way|try again"
        "|being (deployed|released|updated))",
        _ELSEWHERE,
    ),
    (
        "422 .*(dyno (type|size)|process tier|eco|basic)",
        "the dyno size of {target} does not allow this (422{message}): choose another one with "
        "`heroku ps:type`",
    ),
    (
        "422",
        "Heroku does not accept this for {target} (422{message}): the message names the reason. "
        "Repair that, or lower SCALE_MAX and SCALE_TIMETABLE",
    ),
    ("429", f"the Heroku account has used up its requests to the Platform API (429): {AGAIN}"),
    ("5..", "the Platform API is out of order ({status}): " + AGAIN),
    (
        "...",
        "the Platform API answered {status}{message}, which it should not: check SCALE_API_URL",
    ),
)
"""An error heals if its text says so."""
_LIMITED = (
    "Heroku allows {target} no more than {limit} ({status}{message}): set SCALE_MAX and "
    "SCALE_TIMETABLE to it, or choose a dyno size that allows more with `heroku ps:type`"
)
_LIMIT = re.compile(
    r"\b(?:more than|above|over|at most|only|up to|limit(?:ed to| of| is)?) (\d{1,4})\b"
)


class HerokuTarget:
    """The quantity of one process type; `transport` stands in for the network in tests.

    No error and no `repr` holds the key. Called from a thread without an event loop.
    """

    def __init__(
        self, address: HerokuAddress, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = address.name
        self.requests_left: int | None = None
        """Of the whole account, by the last answer."""
        self._address = address
        self._path = f"/apps/{address.app}/formation/{address.process_type}"
        headers = {
            "Accept": "application/vnd.heroku+json; version=3",
            "Authorization": f"Bearer {address.key}",
            "User-Agent": "twin",
        }
        self._api = Api(address.api_url, headers, None if transport is None else lambda: transport)

    def read(self) -> Reading:
        """The quantity of this process type, from the API. Raises TargetError."""
        return Reading(self._quantity(self._answer("GET", self._path)))

    def write(self, quantity: int) -> int:
        """Sets the quantity, and returns the one the API then states. Raises TargetError."""
        return self._quantity(self._answer("PATCH", self._path, {"quantity": quantity}))

    def is_closed(self) -> bool:
        """Whether somebody said `heroku maintenance:on`. Raises TargetError."""
        return told(self._answer("GET", f"/apps/{self._address.app}")).get("maintenance") is True

    def _answer(self, method: str, path: str, body: dict[str, int] | None = None) -> httpx.Response:
        try:
            answer = self._api.ask(method, path, body)
        except NO_ANSWER as error:
            raise TargetError(self._without_key(_silence(error)), heals=True) from None
        self.requests_left = _number(answer, "RateLimit-Remaining")
        if not answer.is_success:
            raise self._error(answer, body["quantity"] if body else 0)
        return answer

    def _quantity(self, answer: httpx.Response) -> int:
        """From the formation in the answer; of its other fields, any may be missing."""
        formation = told(answer)
        quantity = formation.get("quantity")
        # The id of a process type is as good as its name in the path, so only a name can differ.
        if (
            formation.get("type", self._address.process_type) == self._address.process_type
            and type(quantity) is int
            and quantity >= 0
        ):
            return quantity
        text = f"the Platform API answered without the quantity of {self.name}: {AGAIN}"
        raise TargetError(text, heals=True)

    def _error(self, answer: httpx.Response, asked_for: int) -> TargetError:
        limit = _limit(answer, asked_for)
        case = case_of(answer, _CASES) if limit is None else _LIMITED
        text = case.format(
            target=self.name,
            app=self._address.app,
            type=self._address.process_type,
            status=answer.status_code,
            message=message(answer),
            limit=limit,
        )
        after_s = _number(answer, "Retry-After") or 0
        if answer.status_code == 429:
            # If it does not say: the account gets 75 requests a minute, more than a twin needs.
            # In whole minutes, so that the text changes seldom.
            text += f", which should do in {max(math.ceil(after_s / 60), 1)} min"
        heals = case.endswith(AGAIN)
        return TargetError(self._without_key(text), heals=heals, retry_after_s=after_s, limit=limit)

    def _without_key(self, text: str) -> str:
        key = self._address.key
        return text.replace(key, "[key]") if len(key) >= _KEY_CHARS else text


def _limit(answer: httpx.Response, asked_for: int) -> int | None:
    """The most that a 422 allows, in a field of its own or in what it says; it is less than what
    was asked for."""
    if answer.status_code != 422:
        return None
    error = told(answer)
    limit, found = error.get("limit"), _LIMIT.search(str(error.get("message", "")))
    if type(limit) is not int:
        limit = int(found[1]) if found else asked_for
    return limit if 0 <= limit < asked_for else None


def _silence(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"the Platform API did not answer in {REQUEST_S:g} s: {AGAIN}"
    why = f"the Platform API cannot be reached ({cause(error)})"
    return f"{why}, so check the network and SCALE_API_URL: {AGAIN}"


def _number(answer: httpx.Response, header: str) -> int | None:
    """None where it is missing, or no whole number."""
    text = answer.headers.get(header, "")
    return int(text) if text.isascii() and text.isdecimal() else None
