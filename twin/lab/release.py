"""Releases: what runs, and with which config, one line of a ledger each."""

from collections.abc import Mapping
from dataclasses import dataclass

from twin.clock import Clock


@dataclass(frozen=True)
class Release:
    version: int
    description: str
    procfile: Mapping[str, str]
    config: Mapping[str, str]
    at: float
    """Seconds since the epoch."""

    @property
    def name(self) -> str:
        return f"v{self.version}"


class Ledger:
    """An app's releases, oldest first; the last is the one that runs."""

    def __init__(
        self, procfile: Mapping[str, str], config: Mapping[str, str], clock: Clock
    ) -> None:
        self._clock = clock
        self.releases: list[Release] = []
        self._add("Initial release", procfile, config)

    @property
    def current(self) -> Release:
        return self.releases[-1]

    def configure(self, changes: Mapping[str, str | None]) -> Release:
        """A release with some config vars set, or unset by None."""
        config: dict[str, str | None] = {**self.current.config, **changes}
        names = ", ".join(sorted(changes))
        kept = {name: value for name, value in config.items() if value is not None}
        return self._add(f"Set {names} config vars", self.current.procfile, kept)

    def deploy(self, procfile: Mapping[str, str] | None) -> Release:
        """A release of new code: here, the same or another Procfile."""
        return self._add("Deploy", procfile or self.current.procfile, self.current.config)

    def roll_back(self) -> Release:
        """A release that is as the one before the current."""
        before = self.releases[-2]
        return self._add(f"Rollback to {before.name}", before.procfile, before.config)

    def _add(
        self, description: str, procfile: Mapping[str, str], config: Mapping[str, str]
    ) -> Release:
        version, at = len(self.releases) + 1, self._clock.now().wall
        self.releases.append(Release(version, description, dict(procfile), dict(config), at))
        return self.current
