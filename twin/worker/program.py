"""What runs as long as the duty: a command, or a script; and how its process is started."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from twin.core.command import Command, Restart


class Process(Protocol):
    """What a command runs in; as a `Child`."""

    def beat(self) -> None: ...
    def stop(self) -> None: ...


class Begin(Protocol):
    """Starts the process of a command; the arguments are a `Child`'s. Raises OSError."""

    def __call__(
        self,
        variables: Mapping[str, str],
        *,
        lease_s: float,
        written: Callable[[str], object],
        ended: Callable[[int], object],
    ) -> Process: ...


@dataclass(frozen=True, slots=True)
class Script:
    """A Python script, and how to run it."""

    name: str
    """A file, or a module."""
    timezone: str
    retries: int
    grace_s: int
    """How long runs may go on before the process is ended."""
    stop_within_s: int = 10


def command_of(script: Script) -> Command:
    """A script runs as a command does; one that has done its work is not started again."""
    limit_s = script.grace_s + script.stop_within_s
    return Command(script.name, "", limit_s, Restart.ON_FAILURE, probe_url=None, env=())
