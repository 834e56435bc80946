"""What all targets on a platform with an HTTP API and a key share."""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from typing import ClassVar

import httpx

from twin.core.parser import Parser
from twin.core.scaling.target import AGAIN, Reading, TargetError
from twin.http.cause import cause
from twin.scaling.platforms.api import (
    NO_ANSWER,
    REQUEST_S,
    Answer,
    Api,
    Cases,
    case_of,
    message,
    told,
)

_KEY_CHARS = 6
"""No platform has a shorter key, and its letters are in other words, too."""
_CASES: Cases = (
    (
        "401",
        "{api} does not know the key for {target} (401): it is wrong, expired or revoked. {key}",
    ),
    ("403", "its key may not scale {target} (403{message}): {rights}"),
    ("404|410", "{target} is not there ({status}{message}): {place}"),
    (
        "409|412|423",
        "another change of {target} is under way ({status}{message}): " + AGAIN,
    ),
    (
        "400|402|406|422",
        "{vendor} does not accept this for {target} ({status}{message}): the message names the "
        "reason. Repair that, or lower SCALE_MAX and SCALE_TIMETABLE",
    ),
    ("429", "{vendor} allows no more requests for now (429): " + AGAIN),
    ("408|5..", "{api} is out of order ({status}): " + AGAIN),
    ("...", "{api} answered {status}{message}, which it should not: check SCALE_API_URL"),
)
"""An error heals if its text says so."""
_LIMIT = re.compile(
    r"\b(?:more than|above|over|at most|only|up to|limit(?:ed to| of| is)?) (\d{1,4})\b"
)


@dataclass(frozen=True, slots=True)
class Words:
    """How errors name a platform, and what they tell a person to do there."""

    vendor: str
    """`Render`."""
    api: str
    """`Render's API`."""
    key: str
    """How to make a key, as a sentence: `Make a new one ...`."""
    rights: str
    """What a key needs so that it may scale, as an advice: `take the key of ...`."""
    place: str
    """Where to look when the target is not found: `check the app's name`."""
    more: str
    """How to get more than the plan allows: `choose a larger plan`."""


class RestTarget(ABC):
    """The quantity of one target; no error and no `repr` holds the key.

    For one thread at a time, without an event loop. A subclass says how to look and how to scale.
    """

    WORDS: ClassVar[Words]
    CASES: ClassVar[Cases] = ()
    """What this platform's errors need beside the usual ones."""
    details: Mapping[str, str] = {}
    """More words for `CASES`, of this target."""
    LEFT: ClassVar[str] = "RateLimit-Remaining"
    """The header with the number of requests left."""

    def __init__(
        self,
        name: str,
        url: str,
        key: str,
        headers: Mapping[str, str],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`transport` stands in for the network in tests."""
        self.name = name
        self.requests_left: int | None = None
        """By the last answer."""
        self._secrets = [key]
        self._api = Api(url, headers, None if transport is None else lambda: transport)

    @abstractmethod
    def look(self) -> Reading:
        """The target, with its rival and its limit as far as they can be told."""

    @abstractmethod
    def scale(self, quantity: int) -> int:
        """Asks for another quantity than the one just seen; returns what there is then."""

    def read(self) -> Reading:
        return self.look()

    def inspect(self) -> Reading:
        return self.look()

    def is_closed(self) -> bool:
        return False  # most platforms have no maintenance mode

    def write(self, quantity: int) -> int:
        """Looks first, so that it neither fights another autoscaler nor asks for too many."""
        seen = self.look()
        if seen.rival:
            raise TargetError(seen.rival, heals=False)
        if seen.most is not None and quantity > seen.most:
            raise TargetError(self._limited(seen.most), heals=False, limit=seen.most)
        return quantity if quantity == seen.quantity else self.scale(quantity)

    # ---- requests

    def answer(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        asked_for: int = 0,
    ) -> Answer:
        """A good answer. `asked_for` is the quantity, if this asks for one. Raises TargetError."""
        try:
            answer = self._api.ask(method, path, body, headers)
        except NO_ANSWER as error:
            raise TargetError(self._without_secrets(self._silence(error)), heals=True) from None
        self.requests_left = number(answer, self.LEFT)
        if not self.is_fine(answer):
            raise self._error(answer, asked_for)
        return answer

    def is_fine(self, answer: Answer) -> bool:
        return answer.is_success

    def without(self, what: str) -> TargetError:
        """The error of an answer that lacks what it should have."""
        return TargetError(
            f"{self.WORDS.api} answered without {what} of {self.name}: {AGAIN}", heals=True
        )

    def _silence(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"{self.WORDS.api} did not answer in {REQUEST_S:g} s: {AGAIN}"
        why = f"{self.WORDS.api} cannot be reached ({cause(error)})"
        return f"{why}, so check the network and SCALE_API_URL: {AGAIN}"

    def _error(self, answer: Answer, asked_for: int) -> TargetError:
        limit = _limit(answer, asked_for)
        if limit is not None:
            text = self._limited(limit, f" ({answer.status}{message(answer)})")
            return TargetError(self._without_secrets(text), heals=False, limit=limit)
        case = case_of(answer, (*self.CASES, *_CASES))
        words = {**asdict(self.WORDS), "target": self.name, **self.details}
        text = case.format(status=answer.status, message=message(answer), **words)
        after_s = retry_after_s(answer)
        heals = case.endswith(AGAIN)
        if "no more requests" in case:
            # In whole minutes, so that the text changes seldom.
            text += f", which should do in {max(math.ceil(after_s / 60), 1)} min"
        return TargetError(self._without_secrets(text), heals=heals, retry_after_s=after_s)

    def _limited(self, limit: int, said: str = "") -> str:
        words = self.WORDS
        return (
            f"{words.vendor} allows {self.name} no more than {limit}{said}: set SCALE_MAX and "
            f"SCALE_TIMETABLE to it, or {words.more}"
        )

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            if len(secret) >= _KEY_CHARS:
                text = text.replace(secret, "[key]")
        return text


def read_key(parser: Parser, environ: Mapping[str, str], remedy: str, prefix: str = "") -> str:
    """The key of a target, without a `prefix` that its platform prints before it.

    Reports a missing one to `parser`, with the `remedy`.
    """
    variable = parser.text("api_key_env") or "SCALE_API_KEY"
    # In capitals, since anything else could be a key itself, which must not be repeated.
    if not re.fullmatch("[A-Z][A-Z0-9_]*", variable):
        parser.problem(
            "api_key_env must name an environment variable in capitals, such as OTHER_KEY"
        )
        return ""
    key = environ.get(variable, "").strip().removeprefix(prefix)
    if not re.fullmatch("[!-~]*", key):  # it could not stand in a header, nor be shown here
        parser.problem(f"{variable} has characters that no key has: copy it again")
    if not key:
        parser.problem(f"{variable} is not set: {remedy}")
    return key


def number(answer: Answer, header: str) -> int | None:
    """None where it is missing, or no whole number."""
    text = answer.headers.get(header, "")
    return int(text) if text.isascii() and text.isdecimal() else None


def retry_after_s(answer: Answer) -> float:
    """How long the platform asks to wait, in seconds or until a date; 0 if it does not say."""
    seconds = number(answer, "Retry-After")
    if seconds is not None:
        return seconds
    try:
        until, now = (parsedate_to_datetime(answer.headers[of]) for of in ("Retry-After", "Date"))
        return max(0.0, (until - now).total_seconds())
    except (KeyError, ValueError, TypeError):  # missing, no date, only one with a zone
        return 0.0


def quantity_in(text: object) -> int | None:
    """A number of processes; None if it is none."""
    return text if type(text) is int and text >= 0 else None


def _limit(answer: Answer, asked_for: int) -> int | None:
    """The most that a refusal allows, in a field of its own or in what it says; it is less than
    what was asked for."""
    if answer.status not in (400, 422):
        return None
    limit, found = told(answer).get("limit"), _LIMIT.search(message(answer))
    if type(limit) is not int:
        limit = int(found[1]) if found else asked_for
    return limit if 0 <= limit < asked_for else None
