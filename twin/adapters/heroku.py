"""One process type of a Heroku app, scaled through the Platform API.

Paths, headers and bodies: https://devcenter.heroku.com/articles/platform-api-reference#formation
"""

import math
from dataclasses import dataclass

import httpx

from twin.adapters.api import AGAIN, NO_ANSWER, REQUEST_S, Api, message, told
from twin.adapters.cause import cause
from twin.core.target import TargetError

_KEY_CHARS = 6
"""A shorter key is none of Heroku's, and its letters are in other words, too."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What an error status means and what to do; `text` may name {target}, {type}, {message}."""

    text: str
    heals: bool = False


_CASES = {
    401: _Case(
        "the Platform API does not know the key for {target} (401): it is wrong, expired or "
        "revoked. Make a new one with `heroku authorizations:create --description twin`"
    ),
    402: _Case(
        "Heroku wants to be paid before it scales {target} (402{message}): "
        "see https://dashboard.heroku.com/account/billing"
    ),
    403: _Case(
        "its key may not scale {target} (403{message}): take the key of an "
        "account that may deploy the app, with the scope `write` or `global`"
    ),
    404: _Case(
        "{target} is not there (404{message}): check the app's name, "
        "and that the Procfile of its current release has the process type {type}"
    ),
    422: _Case(
        "Heroku does not allow this for {target} (422{message}): ask for fewer in SCALE_MAX and "
        "SCALE_TIMETABLE, or give the process type a dyno size that allows more"
    ),
    429: _Case(
        "the Heroku account has used up its requests to the Platform API (429): " + AGAIN,
        heals=True,
    ),
}
_OUT_OF_ORDER = _Case("the Platform API is out of order ({status}): " + AGAIN, heals=True)
_UNEXPECTED = _Case(
    "the Platform API answered {status}{message}, which it should not: check SCALE_API_URL"
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

    def read(self) -> int:
        """The quantity of this process type, from the API. Raises TargetError."""
        return self._quantity(self._answer("GET", None))

    def write(self, quantity: int) -> int:
        """Sets the quantity, and returns the one the API then states. Raises TargetError."""
        return self._quantity(self._answer("PATCH", {"quantity": quantity}))

    def _answer(self, method: str, body: dict[str, int] | None) -> httpx.Response:
        try:
            answer = self._api.ask(method, self._path, body)
        except NO_ANSWER as error:
            raise TargetError(self._without_key(_silence(error)), heals=True) from None
        self.requests_left = _number(answer, "RateLimit-Remaining")
        if not answer.is_success:
            raise self._error(answer)
        return answer

    def _quantity(self, answer: httpx.Response) -> int:
        """From the formation in the answer; of its other fields, any may be missing."""
        formation = told(answer)
        quantity = formation.get("quantity")
        # The id of a process type is as good as its name in the path, so only a name can differ.
        if (
            formation.get("type", self._process_type) == self._process_type
            and type(quantity) is int
        ):
            return quantity
        text = f"the Platform API answered without the quantity of {self.name}: {AGAIN}"
        raise TargetError(text, heals=True)

    def _error(self, answer: httpx.Response) -> TargetError:
        case = _CASES.get(answer.status_code, _UNEXPECTED)
        if answer.status_code >= 500:
            case = _OUT_OF_ORDER
        text = case.text.format(
            target=self.name,
            type=self._process_type,
            status=answer.status_code,
            message=message(answer),
        )
        after_s = _number(answer, "Retry-After") or 0
        if answer.status_code == 429:
            text += _pause(after_s)
        return TargetError(self._without_key(text), heals=case.heals, retry_after_s=after_s)

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "[key]") if len(self._key) >= _KEY_CHARS else text


def _checked(key: str) -> str:
    """The key as it can stand in a header; httpx would name one that cannot in its error."""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("the key is empty or has characters that no key has: copy it again")
    return key


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
