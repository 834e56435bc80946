"""One service of a Docker Swarm, scaled through the Engine API of a manager.

Paths and bodies: https://docs.docker.com/reference/api/engine/. No path names a version: the engine
then speaks its newest, in which a service's Spec goes back whole, with all that it came with.
"""

import errno
import hashlib
import json
import os
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from twin.core.scaling.target import Reading, TargetError
from twin.http.cause import cause
from twin.scaling.platforms.api import AGAIN, NO_ANSWER, REQUEST_S, Api, line, told
from twin.scaling.platforms.api import message as message_of

# Each time somebody else has changed the service in between, a deploy for example.
_TRIES = 3

_UNDER_WAY = ("updating", "rollback_started")
"""A write would take the place of the change, and of the state that it could be rolled back to."""
_PAUSED = "paused"
"""The new version failed, and a part of the tasks still has the old one. A write would go on with
the change, and replace those, too. (A rollback that is paused goes on to the old version.)"""

_CAUSES = (
    (
        "is encrypted and needs to be unlocked",
        "the swarm at {host} is locked ({status}): run `docker swarm unlock` there",
    ),
    (
        "certificates have expired",
        "the certificates of the swarm at {host} have expired ({status}): let the node leave the "
        "swarm, and join it again",
    ),
    *(
        (
            f"not {what}",
            "{host} is no manager of a swarm ({status}): run `docker swarm init` there, or set "
            "DOCKER_HOST to a manager",
        )
        for what in ("a swarm manager", "part of a swarm")
    ),
)
"""What the engine says with 503, though it needs a person; and the remedy."""


class DockerService:
    """The number of a service's replicas. Called from a thread without an event loop."""

    requests_left = None

    def __init__(self, service: str, host: str) -> None:
        """`service` is a name or an id; `host` is a checked DOCKER_HOST."""
        self.name = f"docker:{service}"
        self._service = service
        self._host = host
        self._tasks: object = None
        """What they are made of, as last seen."""
        parts = urlsplit(host)
        if parts.scheme == "unix":
            self._api = Api("http://docker", {}, lambda: line(uds=parts.path))
        else:
            self._api = Api(f"http://{parts.netloc}", {})

    def read(self) -> Reading:
        """The replicas that the service should have, and who else changes it.

        Raises TargetError.
        """
        service = self._service_now()
        state, message = _update_status(service)
        self._tasks = service["Spec"].get("TaskTemplate")
        return Reading(
            _replicas(service["Spec"]),
            _digest(service["Spec"]),
            f"a change of {self.name} is under way ({message})" if state in _UNDER_WAY else "",
            _epoch_s(service.get("UpdatedAt")) if state == _PAUSED else None,
        )

    def write(self, quantity: int) -> int:
        """Changes the replicas and nothing else, and returns them. Raises TargetError.

        Only the tasks that are too many or too few are stopped or started. The engine keeps one
        earlier state, to which `docker service rollback` leads: with each change that is the one
        right before it, and there is no request that leaves it as it was.
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
        if self._tasks not in (None, tasks):  # the engine says so only a moment later
            state, message = _UNDER_WAY[0], "it has just begun"
        self._tasks = tasks
        if state in _UNDER_WAY:
            raise _again(f"a change of {self.name} is under way ({message})")

    def is_closed(self) -> bool:
        """An engine knows no maintenance."""
        return False

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
                kind = " ".join(map(str, mode)).lower()
                text = (
                    f"{self.name} is a {kind} service, which has no number to "
                    "change: create it anew with --mode replicated, or name another one"
                )
            case _:
                text = f"{self._host} does not answer as a Docker engine does: check DOCKER_HOST"
        raise TargetError(text, heals=False)

    def _ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        try:
            return self._api.ask(method, path, body)
        except NO_ANSWER as error:
            raise self._silence(error) from None

    def _silence(self, error: Exception) -> TargetError:
        if isinstance(error, TimeoutError):
            return _again(f"the Docker engine did not answer in {REQUEST_S:g} s")
        why = cause(error)
        if why == os.strerror(errno.EACCES):
            text = (
                f"this twin may not use {self._host}: run it as a user of the socket's group, "
                "for example with `--group-add`"
            )
            return TargetError(text, heals=False)
        return _again(
            f"no Docker engine answers at {self._host} ({why}), so start it, mount its socket "
            "here, or set DOCKER_HOST"
        )

    def _error(self, answer: httpx.Response) -> TargetError:
        status, said = answer.status_code, message_of(answer)
        for words, text in _CAUSES:
            if words in said:
                return TargetError(text.format(host=self._host, status=status), heals=False)
        if status == 404:
            text = f"there is no service {self._service} (404{said}): see `docker service ls`"
        elif status in (401, 403):
            text = (
                f"whoever guards {self._host} does not let this twin scale ({status}{said}): "
                "allow GET and POST below /services"
            )
        elif status in (408, 409, 429) or status >= 500:
            return _again(f"the Docker engine is out of order ({status}{said})")
        else:
            text = f"the Docker engine answered {status}{said}: check DOCKER_HOST"
        return TargetError(text, heals=False)


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
