"""Reads the `/status` of a twin."""

import sys
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from secrets import token_hex
from typing import Any

from pydantic import TypeAdapter

from twin.commands.say import say, waiting_for
from twin.core.pair.events import Failed, Failure
from twin.core.schedule.job import Job
from twin.hosts import WAKES_WITHIN_S
from twin.http.request import NO_ANSWER, fetch
from twin.http.request import Answer as HttpAnswer
from twin.node.client import login
from twin.node.codec import DOCUMENT_BYTES
from twin.node.failures import failure_of, failure_of_status
from twin.node.shared_jobs import jobs_told
from twin.settings.settings import Credentials, Settings
from twin.worker.script_names import digest_of

_STATUS_BYTES = 2 * DOCUMENT_BYTES
"""The document, and at most as much again beside it."""
_SOON_S = 5.0
"""A plan can do without a twin that sleeps."""
_REMEDY = "is that twin deployed and awake, and is its URL right?"
_NO_PEER = "no peer was heard yet: set PEER_URL here, or deploy the other twin with this one's URL"


@dataclass(frozen=True, slots=True)
class _Peer:
    url: str | None
    wrong: str | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """The part of `/status` that commands need."""

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
    """None if there is none."""
    wrong: str = ""
    """Why there is none, in a sentence."""

    @property
    def on_duty(self) -> bool:
        return self.status is not None and self.status["role"] == "on_duty"


def jobs_running(settings: Settings) -> tuple[dict[str, Job], str]:
    """The jobs of a twin that runs the same scripts as these settings, and its URL; none and ""
    if no such twin answers soon."""
    ours = {name: digest_of(name) for name in settings.jobs}
    for url, whose in ((own_url(settings), settings.own), (settings.peer_url, settings.peer)):
        status = ask(url, whose, _SOON_S).status if url else None
        if status is None:
            continue
        if (status.get("scripts"), status.get("timezone")) != (ours, settings.timezone):
            say(f"{url} runs other files, or in another TIMEZONE", to=sys.stderr)
            continue
        with suppress(*NO_ANSWER, ValueError):
            answer = _get(f"{url}/status?only=jobs", whose, _SOON_S)
            if jobs := jobs_told(answer.content.get("jobs")):
                return jobs, url or ""
    return {}, ""


def own_url(settings: Settings) -> str:
    """Through the host's router if SELF_URL is set, else on this machine."""
    return settings.self_url or f"http://127.0.0.1:{settings.port}"


def ask(url: str, credentials: Credentials, within_s: float = WAKES_WITHIN_S) -> Answer:
    """What `url` answers to these credentials. The request wakes a twin that sleeps."""
    nonce = token_hex(8)
    try:
        with waiting_for(f"{url}: if it sleeps, it may take {within_s:g} s to wake"):
            answer = _get(f"{url}/status?nonce={nonce}", credentials, within_s)
    except NO_ANSWER as error:
        silence = Failed(Failure.REFUSED, f"no answer ({str(error) or f'in {within_s:g} s'})")
        return Answer(url, None, f"{url}: {_why(failure_of(error) or silence)}")
    if answer.status != HTTPStatus.OK:
        return Answer(url, None, f"{url}: {_why_not_ok(answer.status, url)}")
    told = answer.content
    try:
        _TOLD.validate_python(told)
    except ValueError:
        return Answer(url, None, f"{url} answers, but not as a twin does: is the URL right?")
    if told.get("nonce", nonce) != nonce:  # an older release sends none
        return Answer(url, None, f"a cache answers for {url}: exclude /status from caching")
    return Answer(url, told)


def _get(url: str, credentials: Credentials, within_s: float) -> HttpAnswer:
    auth = login(credentials)
    return fetch("GET", url, auth=auth, timeout_s=within_s, most_bytes=_STATUS_BYTES)


def _why_not_ok(status: int, url: str) -> str:
    if status == HTTPStatus.UNAUTHORIZED:
        return (
            "401: its BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD are others: set both alike on "
            "both twins, or PEER_USERNAME and PEER_PASSWORD to the other twin's"
        )
    return _why(failure_of_status(status, url))


def _why(failed: Failed) -> str:
    """With its remedy, which the text of a refusal lacks."""
    return f"{failed.why}: {_REMEDY}" if failed.failure is Failure.REFUSED else failed.why


def every(settings: Settings) -> list[Answer]:
    """This twin, its peer, and in strict mode all others of the arbiter's list."""
    answers = list(both(settings))
    told = next((answer.status for answer in answers if answer.status), None)
    if told is None or not told.get("arbiter"):
        return answers
    found = [answer for answer in answers if answer.url]  # PEER_URL is not needed
    names = {answer.status["twin"] for answer in found if answer.status}
    urls = {answer.url for answer in found}
    further = [twin for twin in told["twins"] if twin["twin"] not in names and twin["url"]]
    return [
        *found,
        *(ask(twin["url"], settings.peer) for twin in further if twin["url"] not in urls),
    ]


def both(settings: Settings) -> tuple[Answer, Answer]:
    """This twin and its peer, at PEER_URL or else at the URL that this twin knows."""
    own = ask(own_url(settings), settings.own)
    known = own.status["peer"]["url"] if own.status else None
    url = settings.peer_url or known
    if url is None:
        return own, Answer("", None, _NO_PEER)
    return own, ask(url, settings.peer)
