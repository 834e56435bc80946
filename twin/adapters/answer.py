"""What comes back from another twin's URL: an answer, a failure that says something, or silence."""

import asyncio
from dataclasses import dataclass

import httpx
from pydantic_core import from_json

from twin.adapters.tls import tls
from twin.config import Credentials
from twin.core.events import Failed, Failure
from twin.wire import DOCUMENT_BYTES

TIMEOUT_S = 3.0
"""As long as silence takes to confirm a claim; an answer that is slower helps nobody."""
NO_SUCH_ENDPOINT = (404, 405)
NO_ANSWER = (httpx.HTTPError, httpx.InvalidURL, TimeoutError)

_HEADERS = {"User-Agent": "twin", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    @property
    def content(self) -> dict[str, object]:
        """The JSON object in it; empty if there is none."""
        try:
            told = from_json(self.body)
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}


def make_client() -> httpx.AsyncClient:
    # `trust_env` off: a proxy of the machine would answer in the peer's place.
    return httpx.AsyncClient(verify=tls(), timeout=TIMEOUT_S, trust_env=False, headers=_HEADERS)


def login(credentials: Credentials) -> httpx.BasicAuth:
    return httpx.BasicAuth(credentials.username.encode(), credentials.password.encode())


async def fetch(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    auth: httpx.Auth | None = None,
    body: bytes | None = None,
) -> Answer:
    """Takes 3 s at most, however slowly the answer drips; one that is too long is cut.

    Raises one of `NO_ANSWER`.
    """
    headers = {"Content-Type": "application/json"} if body is not None else {}
    request = client.stream(method, url, content=body, headers=headers, auth=auth)
    async with asyncio.timeout(TIMEOUT_S), request as answer:
        content = bytearray()
        async for chunk in answer.aiter_raw():
            content += chunk
            if len(content) > DOCUMENT_BYTES:
                break
        return Answer(answer.status_code, bytes(content))


# What a router or a CDN says of an app that does not serve. Other errors, 500 and 501 among them,
# are the word of something that does.
_FROM_A_ROUTER = frozenset({502, 503, 504, 530, *range(520, 528)})


def failure_of_status(status: int, url: str) -> Failed:
    """What a status that is not 200 means, in a sentence with its remedy."""
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        why = (
            f"the peer answers {status} to our credentials: set PEER_USERNAME and PEER_PASSWORD "
            "to its BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD"
        )
        return Failed(Failure.DENIED, why)
    if status in _FROM_A_ROUTER:
        return Failed(Failure.REFUSED, f"it answers {status}")
    why = f"{url} answers {status}, as no twin does: set PEER_URL to the URL of the other twin"
    kind = Failure.FIRST_KIND if status in NO_SUCH_ENDPOINT else Failure.STRANGER
    return Failed(kind, why)


def failure_of(error: BaseException) -> Failed | None:
    """What a request that got no answer means; None for silence, which the core counts itself."""
    cause: BaseException | None = error
    while cause is not None:
        if _is_refusal(cause):
            return Failed(Failure.REFUSED, "the connection is refused")
        if "CERTIFICATE_VERIFY_FAILED" in str(cause):
            why = f"the peer's certificate is not valid ({cause}): check PEER_URL"
            return Failed(Failure.STRANGER, why)
        cause = cause.__cause__ or cause.__context__
    return None


def _is_refusal(error: BaseException) -> bool:
    # A host with several addresses: all of them were tried.
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_refusal, error.exceptions))
    return isinstance(error, ConnectionRefusedError)
