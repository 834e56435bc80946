"""One service of a Docker Swarm, scaled through the Engine API of a manager.

Paths and bodies: https://docs.docker.com/reference/api/engine/. No path names a version: the engine
then speaks its newest, in which a service's Spec goes back whole, with all that it came with.
"""

import errno
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from twin.core.parser import Parser
from twin.core.scaling.target import AGAIN, Reading, TargetError
from twin.http.cause import cause
from twin.http.urls import page_url
from twin.scaling.platforms.api import NO_ANSWER, REQUEST_S, Answer, Api, Cases, case_of, line, told
from twin.scaling.platforms.api import message as message_of

_SERVICE = re.compile(r"[A-Za-z0-9][-_A-Za-z0-9]{0,62}")
_HOST = re.compile(r"unix:///.+|tcp://([^/@?#\s]+:[0-9]{1,5})/?")
_SOCKET_BYTES = 107
"""Linux takes no longer path."""
_LOOPBACK = re.compile(r"localhost|127\.[0-9.]+|::1")


@dataclass(frozen=True, slots=True)
class DockerAddress:
    """A service, by its name or id, and a DOCKER_HOST that is a manager of its swarm."""

    EXAMPLE: ClassVar[str] = "a Docker Swarm service, such as docker:shop"
    allows_zero: ClassVar[bool] = True

    service: str
    host: str = "unix:///var/run/docker.sock"

    @classmethod
    def read(cls, place: str, parser: Parser, environ: Mapping[str, str]) -> Self | None:
        if not _SERVICE.fullmatch(place):
            return None
        host = environ.get("DOCKER_HOST", "").strip() or cls(place).host
        wrong = what_is_wrong_with(host)
        if wrong:
            parser.problem(wrong)
        if environ.get("DOCKER_TLS_VERIFY"):
            parser.problem(
                "DOCKER_TLS_VERIFY is set, but Twin speaks to an engine without TLS: unset it, and "
                "reach the engine by a socket, or by tcp:// on a private network"
            )
        return cls(place, host)

    @property
    def name(self) -> str:
        return f"docker:{self.service}"

    @property
    def is_beyond(self) -> bool:
        host = urlsplit(self.host).hostname
        return host is not None and not _LOOPBACK.fullmatch(host)

    def connect(self) -> "DockerService":
        return DockerService(self.service, self.host)


PLATFORM = DockerAddress


def what_is_wrong_with(host: str) -> str:
    """Why no engine can be reached at this DOCKER_HOST; empty if one can."""
    found = _HOST.fullmatch(host)
    if found is None or not (found[1] is None or _is_place(found[1])):
        shown = re.sub("//.*@", "//", host)  # the part before the @ may hold a password
        return (
            f"DOCKER_HOST is {shown!r}: write unix:///PATH/OF/docker.sock or tcp://HOST:2375, "
            "with a port from 1 to 65535"
        )
    path = host.removeprefix("unix://")
    if found[1] is None and len(os.fsencode(path)) > _SOCKET_BYTES:
        return (
            f"DOCKER_HOST: the path {path!r} is too long: the path of a socket has "
            f"{_SOCKET_BYTES} bytes at most"
        )
    return ""


def _is_place(text: str) -> bool:
    """Whether it is a host and a port."""
    try:
        return bool(page_url(f"http://{text}"))
    except ValueError:
        return False


_TRIES = 3
"""Each time somebody else, such as a deploy, has changed the service in between."""
_UNDER_WAY = ("updating", "rollback_started")
"""A write would replace the change, and the state to which it could be rolled back."""
_PAUSED = "paused"
"""The new version failed, and some tasks still have the old one. A write would resume the change,
and replace those, too. (A paused rollback goes on to the old version.)"""
_CASES: Cases = (
    (
        ".*is encrypted and needs to be unlocked",
        "the swarm at {host} is locked ({status}): run `docker swarm unlock` there",
    ),
    (
        ".*certificates have expired",
        "the certificates of the swarm at {host} have expired ({status}): let the node leave the "
        "swarm, and join it again",
    ),
    (
        ".*not (a swarm manager|part of a swarm)",
        "{host} is no manager of a swarm ({status}): run `docker swarm init` there, or set "
        "DOCKER_HOST to a manager",
    ),
    ("404", "there is no service {service} (404{message}): see `docker service ls`"),
    (
        "401|403",
        "the proxy at {host} does not let this twin scale ({status}{message}): allow GET and POST "
        "below /services",
    ),
    ("408|409|429|5..", "the Docker engine is out of order ({status}{message}): " + AGAIN),
    ("...", "the Docker engine answered {status}{message}: check DOCKER_HOST"),
)
"""An error heals if its text says so. The first three come with 503, though they need a person."""


class DockerService:
    """The number of a service's replicas. Called from a thread without an event loop."""

    requests_left = None

    def __init__(self, service: str, host: str) -> None:
        """`service` is a name or an id; `host` is a checked DOCKER_HOST."""
        self.name = f"docker:{service}"
        self._service = service
        self._host = host
        self._tasks: object = None
        """The specification of its tasks, as last seen."""
        parts = urlsplit(host)
        if parts.scheme == "unix":
            self._api = Api("http://docker", {}, lambda: line(uds=parts.path))
        else:
            self._api = Api(f"http://{parts.netloc}", {})

    def read(self) -> Reading:
        service = self._service_now()
        state, message = _update_status(service)
        self._tasks = service["Spec"].get("TaskTemplate")
        return Reading(
            _replicas(service["Spec"]),
            _digest(service["Spec"]),
            f"a change of {self.name} is under way ({message})" if state in _UNDER_WAY else "",
            _epoch_s(service.get("UpdatedAt")) if state == _PAUSED else None,
        )

    def inspect(self) -> Reading:
        return self.read()

    def write(self, quantity: int) -> int:
        """Changes the replicas and nothing else.

        Only surplus or missing tasks are stopped or started. The engine keeps one earlier state for
        `docker service rollback`. Each change replaces it, and no request leaves it as it was.
        """
        for _ in range(_TRIES):
            service = self._service_now()
            self._give_way(service)
            service["Spec"]["Mode"]["Replicated"]["Replicas"] = quantity
            version = service["Version"]["Index"]
            path = f"/services/{service['ID']}/update?version={version}"
            answer = self._ask("POST", path, service["Spec"])
            if answer.is_success:
                return _replicas(self._service_now()["Spec"])
            if "out of sequence" not in message_of(answer):
                raise self._error(answer)
        raise TargetError(f"somebody else keeps changing {self.name}: {AGAIN}", heals=True)

    def _give_way(self, service: dict[str, Any]) -> None:
        """Raises TargetError if a change has begun since the service was last looked at."""
        state, message = _update_status(service)
        tasks = service["Spec"].get("TaskTemplate")
        if self._tasks not in (None, tasks):  # the engine reports it only a moment later
            state, message = _UNDER_WAY[0], "it has just begun"
        self._tasks = tasks
        if state in _UNDER_WAY:
            raise _again(f"a change of {self.name} is under way ({message})")

    def is_closed(self) -> bool:
        return False  # an engine has no maintenance mode

    def _service_now(self) -> dict[str, Any]:
        """A replicated one, with all that is needed to change it."""
        answer = self._ask("GET", f"/services/{self._service}")
        if not answer.is_success:
            raise self._error(answer)
        match service := told(answer):
            case {
                "ID": str(),
                "Version": {"Index": int()},
                "Spec": {"Mode": {"Replicated": {"Replicas": int()}}},
            }:
                return service
            case {"Spec": {"Mode": {**mode}}} if mode and "Replicated" not in mode:
                text = (
                    f"{self.name} is a {' '.join(map(str, mode)).lower()} service, which has no "
                    "number to change: create it anew with --mode replicated, or name another one"
                )
            case _:
                text = f"{self._host} does not answer as a Docker engine does: check DOCKER_HOST"
        raise TargetError(text, heals=False)

    def _ask(self, method: str, path: str, body: object = None) -> Answer:
        try:
            return self._api.ask(method, path, body)
        except NO_ANSWER as error:
            raise self._silence(error) from None

    def _silence(self, error: Exception) -> TargetError:
        if isinstance(error, TimeoutError):
            return _again(f"the Docker engine did not answer in {REQUEST_S:g} s")
        why = cause(error)
        if why == os.strerror(errno.EACCES):
            remedy = "run it as a user of the socket's group, for example with `--group-add`"
            return TargetError(f"this twin may not use {self._host}: {remedy}", heals=False)
        return _again(
            f"no Docker engine answers at {self._host} ({why}), so start it, mount its socket "
            "here, or set DOCKER_HOST"
        )

    def _error(self, answer: Answer) -> TargetError:
        case = case_of(answer, _CASES)
        text = case.format(
            host=self._host,
            service=self._service,
            status=answer.status,
            message=message_of(answer),
        )
        return TargetError(text, heals=case.endswith(AGAIN))


def _update_status(service: dict[str, Any]) -> tuple[str, str]:
    """The state of the last change, and the engine's words on it; of no change, two empty texts."""
    match service.get("UpdateStatus"):
        case {"State": str(state), **more}:
            return state, str(more.get("Message") or state)
    return "", ""


def _replicas(spec: dict[str, Any]) -> int:
    return int(spec["Mode"]["Replicated"]["Replicas"])


def _digest(spec: dict[str, Any]) -> str:
    """Of all but the replicas."""
    rest = json.dumps({**spec, "Mode": None}, sort_keys=True)
    return hashlib.sha256(rest.encode()).hexdigest()[:16]


def _epoch_s(text: object) -> float | None:
    """A time as the engine writes it, `2026-11-25T10:33:24.531283795Z`; None if it is none."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None


def _again(text: str) -> TargetError:
    return TargetError(f"{text}: {AGAIN}", heals=True)
