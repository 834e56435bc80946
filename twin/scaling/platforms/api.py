"""One request to a platform's API."""

import json
import re
from collections.abc import Callable, Mapping

import httpx

from twin.http.request import NO_ANSWER, Answer, fetch
from twin.http.request import make_transport as line

__all__ = [
    "NO_ANSWER",
    "REQUEST_S",
    "Answer",
    "Api",
    "Cases",
    "case_of",
    "json_of",
    "line",
    "message",
    "told",
]

REQUEST_S = 4.0
"""The APIs answer within a second; a request that has not been answered by then will not be."""
_MOST_BYTES = 4_000_000
"""Enough for a thousand machines with all their settings."""


# For a message of an API in ours: enough for each of their own, too little for a proxy's page.
_MESSAGE_CHARS = 200


class Api:
    """An API's address; called from a thread without an event loop.

    Every request opens a connection of its own: from one step to the next none would stay open.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        connect: Callable[[], httpx.AsyncBaseTransport] | None = None,
    ) -> None:
        """`connect` makes what carries a request; it is a plain connection if not given."""
        self._url = url
        self._headers = dict(headers)
        self._connect = connect or line

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer, whatever its status, in 4 s at most, however slowly it drips.

        A `body` is sent as JSON, and `headers` beside the usual ones. Of a long answer, what is
        over 4 MB is missing. Raises one of `NO_ANSWER`.
        """
        return fetch(
            method,
            self._url + path,
            timeout_s=REQUEST_S,
            most_bytes=_MOST_BYTES,
            transport=self._connect(),
            headers={**self._headers, **(headers or {})},
            json=body,
        )


def json_of(answer: Answer) -> object:
    """What an answer says; None if that is no JSON, as a proxy's page is not."""
    try:
        return json.loads(answer.body)  # pydantic's refuses half a character, which some send
    except (ValueError, RecursionError):
        return None


def told(answer: Answer) -> dict[str, object]:
    """The JSON object of an answer; empty if it holds something else."""
    body = json_of(answer)
    return body if isinstance(body, dict) else {}


def message(answer: Answer) -> str:
    """`: what the API says`, or nothing."""
    text = _said(told(answer))
    # Half a character, as one that was cut off may end with, cannot be sent to the peer.
    return f": {text[:_MESSAGE_CHARS].encode(errors='replace').decode()}" if text else ""


def _said(content: object) -> str:
    """The text of an error, as one API or another has it: in `message`, `error` or `errors`."""
    match content:
        case str():
            return content
        case [first, *_]:
            return _said(first)
        case {"message": str(text)} | {"error": str(text)} if text:
            return text
        case {"errors": {**fields}}:
            return ", ".join(f"{field} {_said(why)}" for field, why in fields.items())
        case {"errors": found}:
            return _said(found)
    return ""


Cases = tuple[tuple[str, str], ...]
"""Patterns of an error's status, id and message, and the text that each leads to."""


def case_of(answer: Answer, cases: Cases) -> str:
    """The text of the first case that fits; one must."""
    said = f"{answer.status} {told(answer).get('id', '')}{message(answer)}"
    return next(text for case, text in cases if re.match(f"(?is:{case})", said))
