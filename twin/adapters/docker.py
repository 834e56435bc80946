"""One service of a Docker Swarm, scaled through the Engine API of a manager.

Paths and bodies: https://docs.docker.com/reference/api/engine/. No path names a version: the engine
then speaks its newest, in which a service's Spec goes back whole, with all that it came with.
"""

import errno
import os
from typing import Any
from urllib.parse import urlsplit

import httpx

from twin.adapters.api import AGAIN, NO_ANSWER, REQUEST_S, Api, line, message, told
from twin.adapters.cause import cause
from twin.core.target import TargetError

# Each time somebody else has changed the service in between, a deploy for example.
_TRIES = 3


class DockerService:
    """The number of a service's replicas. Called from a thread without an event loop."""

    requests_left = None

    def __init__(self, service: str, host: str) -> None:
        """`service` is a name or an id; `host` is a checked DOCKER_HOST."""
        self.name = f"docker:{service}"
        self._service = service
        self._host = host
        parts = urlsplit(host)
        if parts.scheme == "unix":
            self._api = Api("http://docker", {}, lambda: line(uds=parts.path))
        else:
            self._api = Api(f"http://{parts.netloc}", {})

    def read(self) -> int:
        """The replicas that the service should have. Raises TargetError."""
        return int(_replicated(self._service_now())["Replicas"])

    def write(self, quantity: int) -> int:
        """Changes the replicas and nothing else, and returns them. Raises TargetError.

        Only the tasks that are too many or too few are stopped or started.
        """
        for _ in range(_TRIES):
            service = self._service_now()
            _replicated(service)["Replicas"] = quantity
            version = service["Version"]["Index"]
            path = f"/services/{service['ID']}/update?version={version}"
            answer = self._ask("POST", path, service["Spec"])
            if answer.is_success:
                return quantity
            if "out of sequence" not in message(answer):
                raise self._error(answer)
        raise TargetError(f"somebody else keeps changing {self.name}: {AGAIN}", heals=True)

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
        status, said = answer.status_code, message(answer)
        if status == 404:
            text = f"there is no service {self._service} (404{said}): see `docker service ls`"
        elif "not a swarm manager" in said:
            text = (
                f"{self._host} is no manager of a swarm ({status}): run `docker swarm init` "
                "there, or set DOCKER_HOST to a manager"
            )
        elif status in (401, 403):
            text = (
                f"whoever guards {self._host} does not let this twin scale ({status}{said}): "
                "allow GET and POST below /services"
            )
        elif status >= 500:
            return _again(f"the Docker engine is out of order ({status}{said})")
        else:
            text = f"the Docker engine answered {status}{said}: check DOCKER_HOST"
        return TargetError(text, heals=False)


def _replicated(service: dict[str, Any]) -> dict[str, Any]:
    """The part of its Spec that holds the replicas."""
    replicated: dict[str, Any] = service["Spec"]["Mode"]["Replicated"]
    return replicated


def _again(text: str) -> TargetError:
    return TargetError(f"{text}: {AGAIN}", heals=True)
