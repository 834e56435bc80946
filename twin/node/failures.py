"""What comes back from another twin's URL: an answer, a failure that says something, or silence."""

from dataclasses import dataclass
from http import HTTPStatus

from pydantic_core import from_json

from twin.core.pair.events import Failed, Failure

DENIED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
NO_SUCH_ENDPOINT = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


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


# What a router or a CDN says of an app that does not serve. Other errors, 500 and 501 among them,
# are the word of something that does.
_FROM_A_ROUTER = frozenset({502, 503, 504, 530, *range(520, 528)})


def failure_of_status(status: int, url: str) -> Failed:
    """What a status that is not 200 means, in a sentence with its remedy."""
    if status in DENIED:
        why = (
            f"the peer answers {status} to our credentials: set PEER_USERNAME and PEER_PASSWORD "
            "to its BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD"
        )
        return Failed(Failure.DENIED, why)
    if status in _FROM_A_ROUTER:
        return Failed(Failure.REFUSED, f"it answers {status}")
    why = f"{url} answers {status}, as no twin does"
    kind = Failure.LEGACY if status in NO_SUCH_ENDPOINT else Failure.STRANGER
    return Failed(kind, why)


def failure_of(error: BaseException) -> Failed | None:
    """What a request that got no answer means; None for silence, which the core counts itself."""
    cause: BaseException | None = error
    while cause is not None:
        if _is_refusal(cause):
            return Failed(Failure.REFUSED, "the connection is refused")
        if "CERTIFICATE_VERIFY_FAILED" in str(cause):
            why = f"the peer's certificate is not valid ({cause}): check PEER_URL, and if a CA of "
            why += "your own issued it, set SSL_CERT_FILE to that CA's certificate"
            return Failed(Failure.STRANGER, why)
        cause = cause.__cause__ or cause.__context__
    return None


def _is_refusal(error: BaseException) -> bool:
    # A host with several addresses: all of them were tried.
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_refusal, error.exceptions))
    return isinstance(error, ConnectionRefusedError)
