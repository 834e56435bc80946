"""One request to a platform's API."""

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import aclosing

import httpx

from twin.http.request import NO_ANSWER, Connections, run
from twin.http.request import make_transport as line

__all__ = ["NO_ANSWER", "REQUEST_S", "Api", "Cases", "case_of", "line", "message", "told"]

REQUEST_S = 4.0
"""The APIs answer within a second; a request that has not been answered by then will not be."""


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

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """The answer, whatever its status, in 4 s at most, however slowly it drips.

        A `body` is sent as JSON. Raises one of `NO_ANSWER`.
        """
        return run(self._ask(method, self._url + path, body))

    async def _ask(self, method: str, url: str, body: object) -> httpx.Response:
        connections = Connections(self._connect())
        asking = connections.answering(method, url, REQUEST_S, headers=self._headers, json=body)
        async with asyncio.timeout(REQUEST_S), aclosing(connections), asking as answer:
            await answer.aread()
            return answer


def told(answer: httpx.Response) -> dict[str, object]:
    """The JSON object of an answer; empty if it holds something else, as a proxy's page does."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def message(answer: httpx.Response) -> str:
    """`: what the API says`, or nothing."""
    text = told(answer).get("message")
    if not isinstance(text, str) or not text:
        return ""
    # Half a character, as one that was cut off may end with, cannot be sent to the peer.
    return f": {text[:_MESSAGE_CHARS].encode(errors='replace').decode()}"


Cases = tuple[tuple[str, str], ...]
"""Patterns of an error's status, id and message, and the text that each leads to."""


def case_of(answer: httpx.Response, cases: Cases) -> str:
    """The text of the first case that fits; one must."""
    error = told(answer)
    said = f"{answer.status_code} {error.get('id', '')} {error.get('message', '')}"
    return next(text for case, text in cases if re.match(f"(?is:{case})", said))
