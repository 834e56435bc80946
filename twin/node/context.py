"""The interface of a running twin for duties and alerts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from twin.clock import Clock
from twin.core.alert import Alert
from twin.core.pair.state import State
from twin.log import Log
from twin.node.history import KeptHistory
from twin.settings.settings import Settings


class Pair(Protocol):
    """The pair, seen from this twin: its `Node`, or `Alone`."""

    history: KeptHistory

    def look(self) -> State:
        """The state as of now."""

    def freezes(self) -> int:
        """Number of freezes so far; a change means that one just happened."""

    def remember(self, key: str, text: str, term: int) -> None:
        """Leave a memo for the next twin on duty; the memo with the highest term counts."""

    def recall(self, key: str) -> str | None:
        """The newest memo with this key, from either twin."""


class Alone:
    """Replaces the pair where no twin runs, as in the command `run`."""

    def __init__(self, state: State) -> None:
        self.history = KeptHistory()
        self._state = state
        self._memos: dict[str, str] = {}

    def look(self) -> State:
        return self._state

    def freezes(self) -> int:
        return 0

    def remember(self, key: str, text: str, term: int) -> None:  # noqa: ARG002 (no other writer)
        self._memos[key] = text

    def recall(self, key: str) -> str | None:
        return self._memos.get(key)


@dataclass(frozen=True, slots=True)
class Context:
    settings: Settings
    clock: Clock
    log: Log
    pair: Pair
    alert: Callable[[Alert], None]
    """Returns at once."""
