"""From a target's name, as people write it, to the target itself.

A further platform is one module in `adapters`, and one line in `_PLATFORMS`.
"""

import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from twin.clock import Clock
from twin.core.scaling.target import Counted, Target
from twin.http.urls import page_url

_HEROKU = re.compile(r"([A-Za-z0-9-]{1,30})(?:/([-A-Za-z0-9_]{1,128}))?")
_DOCKER = re.compile(r"[A-Za-z0-9][-_A-Za-z0-9]{0,62}")
_SOCKET_BYTES = 107
"""Linux takes no longer path."""
_DOCKER_HOST = re.compile(r"unix:///.+|tcp://([^/@?#\s]+:[0-9]{1,5})/?")


@dataclass(frozen=True, slots=True)
class TargetName:
    """What is to be scaled; two names of one target are equal."""

    platform: str
    """`heroku` or `docker`."""

    place: str
    """As it is called there: `my-app/web`, or `shop`."""

    def __str__(self) -> str:
        """As on logs and pages: `my-app/web`, or `docker:shop`."""
        return self.place if self.platform == "heroku" else f"{self.platform}:{self.place}"

    @property
    def needs_key(self) -> bool:
        return _PLATFORMS[self.platform].needs_key


@dataclass(frozen=True, slots=True)
class Access:
    """How the platforms are reached."""

    heroku_url: str = "https://api.heroku.com"
    heroku_key: str = field(default="", repr=False)
    docker_host: str = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class _Platform:
    place: Callable[[str], str | None]
    """The place in full, from what a person wrote; None if it cannot be one."""
    make: Callable[[str, Access], Counted]
    needs_key: bool


def parse_target(text: str) -> TargetName:
    """`my-app` is the app's `web`; `my-app/worker` names the process type; `docker:shop` is a
    Docker Swarm service. Raises ValueError."""
    platform, _, rest = text.rpartition(":")
    known = _PLATFORMS.get(platform or "heroku")
    place = known.place(rest) if known else None
    if place is None:
        raise ValueError(
            f"{text!r} is not a target: name a Heroku app, such as my-app or my-app/worker, "
            "or a Docker Swarm service, such as docker:shop"
        )
    return TargetName(platform or "heroku", place)


def parse_docker_host(text: str) -> str:
    """The value of DOCKER_HOST as it is. Raises ValueError for what cannot be reached."""
    shown = re.sub("//.*@", "//", text)  # a password may stand before it
    found = _DOCKER_HOST.fullmatch(text)
    if found is None or not (found[1] is None or _is_place(found[1])):
        raise ValueError(
            f"DOCKER_HOST is {shown!r}: write unix:///PATH/OF/docker.sock or tcp://HOST:2375, "
            "with a port from 1 to 65535"
        )
    path = text.removeprefix("unix://")
    if found[1] is None and len(os.fsencode(path)) > _SOCKET_BYTES:
        raise ValueError(
            f"DOCKER_HOST: the path {path!r} is too long: that of a socket has {_SOCKET_BYTES} "
            "bytes at most"
        )
    return text


def _is_place(text: str) -> bool:
    """Whether it is a host and a port."""
    try:
        return bool(page_url(f"http://{text}"))
    except ValueError:
        return False


def make_target(name: TargetName, access: Access, clock: Clock, stopped: Event) -> Target:
    """The target, asked with patience; once `stopped` is set it waits no more.

    Raises ValueError for a key that cannot be one.
    """
    # Imported here: a twin that scales nothing need not wait for it.
    from twin.scaling.platforms.retry import Retrying

    made = _PLATFORMS[name.platform].make(name.place, access)
    return Retrying(made, clock, stopped, random.SystemRandom().random)


def _heroku_place(text: str) -> str | None:
    match = _HEROKU.fullmatch(text)
    return f"{match[1]}/{match[2] or 'web'}" if match else None


def _docker_place(text: str) -> str | None:
    return text if _DOCKER.fullmatch(text) else None


def _heroku(place: str, access: Access) -> Counted:
    from twin.scaling.platforms.heroku import HerokuTarget

    app, process_type = place.split("/")
    return HerokuTarget(app, process_type, access.heroku_url, access.heroku_key)


def _docker(place: str, access: Access) -> Counted:
    from twin.scaling.platforms.docker import DockerService

    return DockerService(place, access.docker_host)


_PLATFORMS = {
    "heroku": _Platform(_heroku_place, _heroku, needs_key=True),
    "docker": _Platform(_docker_place, _docker, needs_key=False),
}
