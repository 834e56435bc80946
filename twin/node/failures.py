"""The meaning of a failed request to another twin."""

from http import HTTPStatus

from twin.core.pair.events import Failed, Failure
from twin.http.cause import causes

DENIED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
NO_SUCH_ENDPOINT = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
_FROM_A_ROUTER = frozenset({502, 503, 504, 530, *range(520, 528)})
"""The answers of a router or a CDN for an app that does not serve. Other errors, such as 500 and
501, come from a running app."""


def failure_of_status(status: int, url: str) -> Failed:
    """The meaning of a status other than 200, in a sentence with its remedy."""
    if status in DENIED:
        why = (
            f"the peer answers {status} to our credentials: set PEER_USERNAME and PEER_PASSWORD "
            "to its BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD"
        )
        return Failed(Failure.DENIED, why)
    if status in _FROM_A_ROUTER:
        return Failed(Failure.REFUSED, f"it answers {status}")
    kind = Failure.LEGACY if status in NO_SUCH_ENDPOINT else Failure.STRANGER
    return Failed(kind, f"{url} answers {status}, as no twin does")


def failure_of(error: BaseException) -> Failed | None:
    """The meaning of a missing answer; None for silence, which the core counts itself."""
    for each in causes(error):
        if _is_refusal(each):
            return Failed(Failure.REFUSED, "the connection is refused")
        if "CERTIFICATE_VERIFY_FAILED" in str(each):
            why = f"the peer's certificate is not valid ({each}): check PEER_URL, and if a CA of "
            why += "your own issued it, set SSL_CERT_FILE to that CA's certificate"
            return Failed(Failure.STRANGER, why)
    return None


def _is_refusal(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):  # one error for each address of the host
        return all(map(_is_refusal, error.exceptions))
    return isinstance(error, ConnectionRefusedError)
