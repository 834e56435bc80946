"""Asks a twin for its `/status`, as a person with its credentials would."""

from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import TypeAdapter

from twin.commands.say import waiting_for
from twin.core.pair.events import Failed, Failure
from twin.hosts import WAKES_WITHIN_S
from twin.http.tls import tls
from twin.node.client import login
from twin.node.failures import failure_of, failure_of_status
from twin.settings.settings import Credentials, Settings

_REMEDY = "is that twin deployed and awake, and is its URL right?"
_NO_PEER = "no peer was heard yet: set PEER_URL here, or deploy the other twin with this one's URL"


@dataclass(frozen=True, slots=True)
class _Peer:
    url: str | None
    wrong: str | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """What commands need of a `/status`, which holds more."""

    twin: str
    role: str
    since: str
    peer: _Peer
    jobs: list[dict[str, Any]]


_TOLD = TypeAdapter(_Told)


@dataclass(frozen=True, slots=True)
class Answer:
    url: str
    status: dict[str, Any] | None
    """What `/status` holds; None if it was not to be had."""
    wrong: str = ""
    """Why not, in a sentence."""

    @property
    def on_duty(self) -> bool:
        return self.status is not None and self.status["role"] == "on_duty"


def client(credentials: Credentials) -> httpx.Client:
    # Long enough for a sleeping twin to wake: the request itself wakes it.
    return httpx.Client(
        auth=login(credentials), timeout=WAKES_WITHIN_S, verify=tls(), trust_env=False
    )


def own_url(settings: Settings) -> str:
    """Where this twin answers: past the host's router, else on this machine."""
    return settings.self_url or f"http://127.0.0.1:{settings.port}"


def ask(url: str, credentials: Credentials) -> Answer:
    """What `url` answers to these credentials."""
    try:
        asleep = f"{url}: if it sleeps, it may take {WAKES_WITHIN_S:g} s to wake"
        with waiting_for(asleep), client(credentials) as http:
            answer = http.get(f"{url}/status")
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # the last is of host names
        silence = Failed(Failure.REFUSED, f"no answer ({str(error) or type(error).__name__})")
        return Answer(url, None, f"{url}: {_why(failure_of(error) or silence)}")
    if answer.status_code != httpx.codes.OK:
        return Answer(url, None, f"{url}: {_why_not_ok(answer.status_code, url)}")
    try:
        told = answer.json()
        _TOLD.validate_python(told)
    except (ValueError, RecursionError):
        return Answer(url, None, f"{url} answers, but not as a twin does: is the URL right?")
    return Answer(url, told)


def _why_not_ok(status: int, url: str) -> str:
    if status == httpx.codes.UNAUTHORIZED:
        return (
            "401: its BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD are others than these: set both "
            "alike on both twins, or PEER_USERNAME and PEER_PASSWORD to the other twin's"
        )
    return _why(failure_of_status(status, url))


def _why(failed: Failed) -> str:
    """With its remedy, which all but a refusal have in their text."""
    return f"{failed.why}: {_REMEDY}" if failed.failure is Failure.REFUSED else failed.why


def both(settings: Settings) -> tuple[Answer, Answer]:
    """This twin and its peer. A peer whose URL is not set is taken from what this twin knows."""
    own = ask(own_url(settings), settings.own)
    known = own.status["peer"]["url"] if own.status else None
    url = settings.peer_url or known
    if url is None:
        return own, Answer("", None, _NO_PEER)
    return own, ask(url, settings.peer)
