"""What runs, and with which config."""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Release:
    procfile: Mapping[str, str]
    config: Mapping[str, str]
    at: float
    """Seconds since the epoch."""
    version: int = 1
    description: str = "Initial release"

    @property
    def name(self) -> str:
        return f"v{self.version}"

    def configured(self, changes: Mapping[str, str | None], at: float) -> "Release":
        """The next one, with some config vars set, or unset by None."""
        config = {**self.config, **changes}
        kept = {name: value for name, value in config.items() if value is not None}
        text = f"Set {', '.join(sorted(changes))} config vars"
        return replace(self, config=kept, at=at, version=self.version + 1, description=text)

    def deployed(self, procfile: Mapping[str, str], at: float) -> "Release":
        """The next one, with new code: here, a Procfile."""
        version = self.version + 1
        return replace(self, procfile=procfile, at=at, version=version, description="Deploy")
