"""One process type of a Heroku app, scaled through the Platform API.

Paths, headers and bodies: https://devcenter.heroku.com/articles/platform-api-reference#formation
"""

import math
import re
from dataclasses import dataclass

import httpx

from twin.core.scaling.target import Reading, TargetError
from twin.http.cause import cause
from twin.scaling.platforms.api import AGAIN, NO_ANSWER, REQUEST_S, Api, message, told

_KEY_CHARS = 6
"""A shorter key is none of Heroku's, and its letters are in other words, too."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What an error means and what to do; `text` may name {target}, {app}, {type}, {status},
    {message} and {limit}."""

    statuses: tuple[int, ...]
    said: str
    """A pattern that fits the error's id or message."""
    text: str
    heals: bool = False


_UNPAID = (
    "Heroku wants a confirmed way to be paid before it scales {target} ({status}{message}): "
    "see https://dashboard.heroku.com/account/billing"
)
_ELSEWHERE = "another change of {target} is under way ({status}{message}): " + AGAIN
_CASES = (
    _Case(
        (401,),
        "",
        "the Platform API does not know the key for {target} (401): it is wrong, expired or "
        "revoked. Make a new one with `heroku authorizations:create --description twin`",
    ),
    _Case((402,), "", _UNPAID),
    _Case((422,), "verif|billing|payment|credit card|delinquent", _UNPAID),
    _Case(
        (403,),
        "suspended",
        "Heroku has suspended the account or the app of {target} (403{message}): ask its support",
    ),
    _Case(
        (403,),
        "",
        "its key may not scale {target} (403{message}): take the key of an "
        "account that may deploy the app, with the scope `write` or `global`",
    ),
    _Case(
        (404, 410),
        "",
        "{target} is not there ({status}{message}): check the app's name, "
        "and that the Procfile of its current release has the process type {type}",
    ),
    _Case(
        (422,),
        "process type.*(not found|unknown|not exist)"
        "|(find( that)?|no such|unknown|invalid) process type",
        "the current release of {app} has no process type {type} (422{message}): check "
        "SCALE_TARGET, and the app's Procfile",
    ),
    _Case((409, 423), "", _ELSEWHERE, heals=True),
    _Case(
        (422,),
        r"\block(ed)?\b|in progress|under way|try again|being (deployed|released|updated)",
        _ELSEWHERE,
        heals=True,
    ),
    _Case(
        (422,),
        "dyno (type|size)|process tier|eco|basic",
        "the dyno size of {target} does not allow this (422{message}): choose another one with "
        "`heroku ps:type`",
    ),
    _Case(
        (422,),
        "",
        "Heroku does not accept this for {target} (422{message}): what it says names the reason. "
        "Mend that, or lower SCALE_MAX and SCALE_TIMETABLE",
    ),
    _Case(
        (429,),
        "",
        "the Heroku account has used up its requests to the Platform API (429): " + AGAIN,
        heals=True,
    ),
)
_LIMITED = _Case(
    (),
    "",
    "Heroku allows {target} no more than {limit} ({status}{message}): set SCALE_MAX and "
    "SCALE_TIMETABLE to it, or choose a dyno size that allows more with `heroku ps:type`",
)
_OUT_OF_ORDER = _Case((), "", "the Platform API is out of order ({status}): " + AGAIN, heals=True)
_UNEXPECTED = _Case(
    (), "", "the Platform API answered {status}{message}, which it should not: check SCALE_API_URL"
)

_LIMIT = re.compile(
    r"\b(?:more than|above|over|at most|only|up to|limit(?:ed to| of| is)?) (\d{1,4})\b"
)


class HerokuTarget:
    """The quantity of one process type; `transport` stands in for the network in tests.

    No error and no `repr` holds the key. Called from a thread without an event loop.
    """

    def __init__(
        self,
        app: str,
        process_type: str,
        api_url: str,
        api_key: str,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`app` is a name or an id. Raises ValueError for a key that cannot be one."""
        self.name = f"{app}/{process_type}"
        self.requests_left: int | None = None
        """Of the whole account, by the last answer."""
        self._app = app
        self._process_type = process_type
        self._path = f"/apps/{app}/formation/{process_type}"
        self._key = _checked(api_key)
        headers = {
            "Accept": "application/vnd.heroku+json; version=3",
            "Authorization": f"Bearer {self._key}",
            "User-Agent": "twin",
        }
        self._api = Api(api_url, headers, None if transport is None else lambda: transport)

    def __repr__(self) -> str:
        return f"HerokuTarget({self.name})"

    def read(self) -> Reading:
        """The quantity of this process type, from the API. Raises TargetError."""
        return Reading(self._quantity(self._answer("GET", self._path)))

    def write(self, quantity: int) -> int:
        """Sets the quantity, and returns the one the API then states. Raises TargetError."""
        return self._quantity(self._answer("PATCH", self._path, {"quantity": quantity}))

    def is_closed(self) -> bool:
        """Whether somebody said `heroku maintenance:on`. Raises TargetError."""
        return told(self._answer("GET", f"/apps/{self._app}")).get("maintenance") is True

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
            formation.get("type", self._process_type) == self._process_type
            and type(quantity) is int
            and quantity >= 0
        ):
            return quantity
        text = f"the Platform API answered without the quantity of {self.name}: {AGAIN}"
        raise TargetError(text, heals=True)

    def _error(self, answer: httpx.Response, asked_for: int) -> TargetError:
        limit = _limit(answer, asked_for)
        case = _case(answer) if limit is None else _LIMITED
        text = case.text.format(
            target=self.name,
            app=self._app,
            type=self._process_type,
            status=answer.status_code,
            message=message(answer),
            limit=limit,
        )
        after_s = _number(answer, "Retry-After") or 0
        if answer.status_code == 429:
            text += _pause(after_s)
        return TargetError(
            self._without_key(text), heals=case.heals, retry_after_s=after_s, limit=limit
        )

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "[key]") if len(self._key) >= _KEY_CHARS else text


def _checked(key: str) -> str:
    """The key as it can stand in a header; httpx would name one that cannot in its error."""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("the key is empty or has characters that no key has: copy it again")
    return key


def _case(answer: httpx.Response) -> _Case:
    """The first that fits."""
    if answer.status_code >= 500:
        return _OUT_OF_ORDER
    error = told(answer)
    said = (str(error.get("id", "")), str(error.get("message", "")))
    for case in _CASES:
        fits = any(re.search(case.said, text, re.IGNORECASE) for text in said)
        if answer.status_code in case.statuses and fits:
            return case
    return _UNEXPECTED


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


def _pause(seconds: int) -> str:
    """When a 429 says to come back; in whole minutes, so that the text changes seldom."""
    # If it does not: the account gets 75 requests a minute, far more than one twin needs.
    return f", which should do in {max(math.ceil(seconds / 60), 1)} min"
