"""The platforms that a target can be on.

A new platform is one file in this folder, with an `Address` as its `PLATFORM`, and its name below.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar, Protocol, Self

from twin.core.parser import Parser
from twin.core.scaling.target import Counted

PLATFORMS = ("heroku", "docker", "render", "kubernetes", "railway", "fly", "scalingo")
"""`docker:shop` names its platform; a target without a prefix is on the first one."""


class Address(Protocol):
    """Where a target is, and how to reach it, as the settings say. Its `repr` shows no secret."""

    EXAMPLE: ClassVar[str]
    """What a user may write, for an error message."""
    allows_zero: ClassVar[bool]
    """Whether a target may have no process at all."""

    @property
    def name(self) -> str:
        """For logs and pages: `my-app/web`."""

    @property
    def is_beyond(self) -> bool:
        """Whether the platform lies beyond this machine, so that reaching it takes our line."""

    @classmethod
    def read(cls, place: str, parser: Parser, environ: Mapping[str, str]) -> Self | None:
        """From the text after the prefix, and the settings that this platform needs.

        Reports wrong settings to `parser`. None if the text cannot be a target of this platform.
        """

    def connect(self) -> Counted:
        """Sends nothing yet."""


def read_address(text: str, parser: Parser, environ: Mapping[str, str]) -> Address:
    """Raises ValueError if `text` is not a target."""
    platform, _, place = text.rpartition(":")
    platform = platform or PLATFORMS[0]
    address = _platform(platform).read(place, parser, environ) if platform in PLATFORMS else None
    if address is None:
        examples = ", or ".join(_platform(name).EXAMPLE for name in PLATFORMS)
        raise ValueError(f"{text!r} is not a target: name {examples}")
    return address


def _platform(name: str) -> type[Address]:
    # Imported when a setting names it: an HTTP client takes long to import.
    platform: type[Address] = import_module(f"{__name__}.{name}").PLATFORM
    return platform
