"""One request to a platform's API."""

import asyncio
import ssl
from collections.abc import Callable, Mapping

import httpx

from twin.http.bounded import run
from twin.http.tls import tls

REQUEST_S = 4.0
"""The APIs answer within a second; a request that has not been answered by then will not be."""

# The last two, of host names and of reading, httpx lets pass.
NO_ANSWER = (httpx.HTTPError, TimeoutError, UnicodeError, ssl.SSLError)

AGAIN = "it is tried again by itself"

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
        """`connect` makes what carries a request; without it, that is a plain connection."""
        self._url = url
        self._headers = dict(headers)
        self._connect = connect or line

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """The answer, whatever its status, in 4 s at most, however slowly it drips.

        A `body` is sent as JSON. Raises one of `NO_ANSWER`.
        """
        return run(self._ask(method, path, body))

    async def _ask(self, method: str, path: str, body: object) -> httpx.Response:
        client = httpx.AsyncClient(
            base_url=self._url,
            headers=self._headers,
            transport=self._connect(),
            timeout=None,  # noqa: S113 - the bound below is for all of it, httpx's for each part
        )
        async with asyncio.timeout(REQUEST_S), client:
            return await client.request(method, path, json=body)


def line(uds: str | None = None) -> httpx.AsyncBaseTransport:
    """A plain connection, over the network or to the unix socket at the path `uds`."""
    # `trust_env` off: neither key nor question goes through a proxy of this machine.
    return httpx.AsyncHTTPTransport(verify=tls(), trust_env=False, uds=uds)


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
