"""One process type of a Heroku app, scaled through the Platform API.

Paths, headers and bodies: https://devcenter.heroku.com/articles/platform-api-reference#formation
"""

import math
from dataclasses import dataclass

import httpx

from twin.core.target import TargetError

# The API answers within a second; a request that has not been answered by then will not be.
_TIMEOUT_S = 10.0

# For a message of the API in ours: enough for each of its own, too little for a proxy's page.
_MESSAGE_CHARS = 200


@dataclass(frozen=True, slots=True)
class _Case:
    """What an error status means and what to do; `text` may name {target}, {type}, {message}."""

    text: str
    heals: bool = False


_AGAIN = "it is tried again by itself"

_CASES = {
    401: _Case(
        "the Platform API does not know the key in SCALE_API_KEY (401): it is wrong, expired or "
        "revoked. Make a new one with `heroku authorizations:create --description twin`"
    ),
    402: _Case(
        "Heroku wants to be paid before it scales {target} (402{message}): "
        "see https://dashboard.heroku.com/account/billing"
    ),
    403: _Case(
        "the key in SCALE_API_KEY may not scale {target} (403{message}): take the key of an "
        "account that may deploy the app, with the scope `write` or `global`"
    ),
    404: _Case(
        "{target} is not there (404{message}): check the app's name in SCALE_TARGET, "
        "and that the Procfile of its current release has the process type {type}"
    ),
    422: _Case(
        "Heroku does not allow this for {target} (422{message}): ask for fewer in SCALE_MAX and "
        "SCALE_TIMETABLE, or give the process type a dyno size that allows more"
    ),
    429: _Case(
        "the Heroku account has used up its requests to the Platform API (429): " + _AGAIN,
        heals=True,
    ),
}
_OUT_OF_ORDER = _Case("the Platform API is out of order ({status}): " + _AGAIN, heals=True)
_UNEXPECTED = _Case(
    "the Platform API answered {status}{message}, which it should not: check SCALE_API_URL"
)


class HerokuTarget:
    """The quantity of one process type; `transport` stands in for the network in tests.

    No error and no `repr` holds the key. Safe to use from one thread at a time.
    """

    def __init__(
        self,
        app: str,
        process_type: str,
        api_url: str,
        api_key: str,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`app` is a name or an id. Raises ValueError for a key that cannot be one."""
        self.name = f"{app}/{process_type}"
        self._process_type = process_type
        self._path = f"/apps/{app}/formation/{process_type}"
        self._key = _checked(api_key)
        self._client = httpx.Client(
            base_url=api_url,
            headers={
                "Accept": "application/vnd.heroku+json; version=3",
                "Authorization": f"Bearer {self._key}",
                "User-Agent": "twin",
            },
            timeout=_TIMEOUT_S,
            transport=transport,
            trust_env=False,
        )

    def __repr__(self) -> str:
        return f"HerokuTarget({self.name})"

    def close(self) -> None:
        self._client.close()

    def read(self) -> int:
        """The quantity of this process type, from the API. Raises TargetError."""
        return self._quantity(self._answer("GET", None))

    def write(self, quantity: int) -> int:
        """Sets the quantity, and returns the one the API then states. Raises TargetError."""
        return self._quantity(self._answer("PATCH", {"quantity": quantity}))

    def _answer(self, method: str, body: dict[str, int] | None) -> httpx.Response:
        try:
            answer = self._client.request(method, self._path, json=body)
        except httpx.TimeoutException:
            text = f"the Platform API did not answer in {_TIMEOUT_S:g} s: {_AGAIN}"
            raise TargetError(text, heals=True) from None
        except httpx.HTTPError as error:
            text = f"the Platform API cannot be reached ({error}): {_AGAIN}"
            raise TargetError(self._without_key(text), heals=True) from None
        if not answer.is_success:
            raise self._error(answer)
        return answer

    def _quantity(self, answer: httpx.Response) -> int:
        """From the formation in the answer; of its other fields, any may be missing."""
        formation = _object(answer)
        quantity = formation.get("quantity")
        # The id of a process type is as good as its name in the path, so only a name can differ.
        if (
            formation.get("type", self._process_type) == self._process_type
            and type(quantity) is int
        ):
            return quantity
        text = f"the Platform API answered without the quantity of {self.name}: {_AGAIN}"
        raise TargetError(text, heals=True)

    def _error(self, answer: httpx.Response) -> TargetError:
        case = _CASES.get(answer.status_code, _UNEXPECTED)
        if answer.status_code >= 500:
            case = _OUT_OF_ORDER
        text = case.text.format(
            target=self.name,
            type=self._process_type,
            status=answer.status_code,
            message=_message(answer),
        )
        return TargetError(self._without_key(text + _pause(answer)), heals=case.heals)

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "[key]")


def _checked(key: str) -> str:
    """The key as it can stand in a header; httpx would name one that cannot in its error."""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("SCALE_API_KEY is empty or has characters that no key has: copy it again")
    return key


def _object(answer: httpx.Response) -> dict[str, object]:
    """The JSON object of an answer; empty if it holds something else, as a proxy's page does."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _message(answer: httpx.Response) -> str:
    """`: what the API says`, or nothing."""
    message = _object(answer).get("message")
    return f": {message[:_MESSAGE_CHARS]}" if isinstance(message, str) and message else ""


def _pause(answer: httpx.Response) -> str:
    """When a 429 says to come back; in whole minutes, so that the text changes seldom."""
    if answer.status_code != 429:
        return ""
    seconds = answer.headers.get("Retry-After", "")
    # The account gets 75 requests a minute, far more than one twin needs.
    minutes = math.ceil(int(seconds) / 60) if seconds.isdecimal() else 1
    return f", which should do in {max(minutes, 1)} min"
