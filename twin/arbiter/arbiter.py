"""What each adapter of a database offers."""

from dataclasses import dataclass
from typing import Protocol

from twin.core.pair.arbiter import Answer, Question

TIMEOUT_S = 2.0


class SilentError(Exception):
    """The arbiter gave no answer. The text is a sentence without credentials.

    It may have carried out the question all the same.
    """


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that `check` looks at."""

    ok: bool
    sentence: str
    """Names the remedy if it is not ok."""


class Arbiter(Protocol):
    """A database that answers questions as `twin.core.pair.arbiter.decide` does.

    Belongs to one event loop. Several questions may be underway at once.
    """

    async def ask(self, question: Question) -> Answer:
        """One round trip, on the database's clock. Raises SilentError, in time."""

    async def findings(self) -> list[Finding]:
        """Whether the database is fit to be an arbiter. Raises nothing if it is silent."""

    async def close(self) -> None:
        """Drop all connections. No question may be underway."""
