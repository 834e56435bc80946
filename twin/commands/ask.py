"""Asks a twin for its `/status`, as a person with its credentials would."""

from dataclasses import dataclass
from typing import Any

import httpx

from twin.adapters.answer import failure_of, failure_of_status, login
from twin.config import Credentials, Settings

_TIMEOUT_S = 30.0
"""Long enough for a sleeping twin to wake: the request itself wakes it."""
_TOLD = frozenset({"twin", "role", "since", "peer", "jobs"})


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
    return httpx.Client(auth=login(credentials), timeout=_TIMEOUT_S, trust_env=False)


def own_url(settings: Settings) -> str:
    """Where this twin answers: past the host's router, else on this machine."""
    return settings.self_url or f"http://127.0.0.1:{settings.port}"


def ask(url: str, credentials: Credentials) -> Answer:
    """What `url` answers to these credentials."""
    try:
        with client(credentials) as http:
            answer = http.get(f"{url}/status")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        failed = failure_of(error)
        why = failed.why if failed else f"no answer ({str(error) or type(error).__name__})"
        return Answer(url, None, f"{url}: {why}")
    if answer.status_code != httpx.codes.OK:
        return Answer(url, None, f"{url}: {_why(answer.status_code, url)}")
    try:
        told = answer.json()
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not told.keys() >= _TOLD:
        return Answer(url, None, f"{url} answers, but not as a twin does: is the URL right?")
    return Answer(url, told)


def _why(status: int, url: str) -> str:
    if status == httpx.codes.UNAUTHORIZED:
        return "401: its BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD are others than these"
    return failure_of_status(status, url).why


def both(settings: Settings) -> tuple[Answer, Answer]:
    """This twin and its peer. A peer whose URL is not set is taken from what this twin knows."""
    own = ask(own_url(settings), settings.own)
    known = own.status["peer"]["url"] if own.status else None
    url = settings.peer_url or known
    if url is None:
        return own, Answer("", None, "PEER_URL is not set, and no peer was heard yet")
    return own, ask(url, settings.peer)
