"""What the pair keeps for a duty: memos that whoever has the duty next can read, and a history."""

import json
from dataclasses import asdict, fields
from typing import Any, Protocol, TypeVar

from twin.core.pair.bounds import TEXT_BYTES, shortened
from twin.core.pair.history import Record

T = TypeVar("T")

_FAR_S = 6e10
"""In the year 3871, or 68. JSON as Python reads it has times that no calendar has, and even NaN."""


class Notebook(Protocol):
    """What the pair keeps for both twins."""

    def remember(self, key: str, text: str, term: int) -> None:
        """For whoever has the duty next; the word of the higher term counts."""

    def recall(self, key: str) -> str | None:
        """The newest word."""

    def record(self, record: Record) -> None:
        """Into the history."""


def written(memory: Any) -> str:
    """A dataclass as JSON, which the pair can carry; what is as it is by default is left out."""
    usual = asdict(type(memory)())
    told = {
        name: shortened(value, TEXT_BYTES) if isinstance(value, str) else value
        for name, value in asdict(memory).items()
        if value != usual[name]
    }
    return json.dumps(told, ensure_ascii=False)


def read_as(kind: type[T], text: str | None) -> T:
    """The dataclass that was written, each of whose fields has a default.

    A fresh one if there is no memo, or one that this release cannot read.
    """
    try:
        memory = kind(**json.loads(text or "{}"))
    except (ValueError, TypeError):
        return kind()
    values: dict[str, Any] = asdict(memory)  # type: ignore[call-overload]  # a dataclass
    fits = all(isinstance(values[each.name], each.type) for each in fields(kind))  # type: ignore[arg-type]  # its types are no strings
    numbers = [value for value in values.values() if isinstance(value, int | float)]
    fits = fits and all(abs(number) < _FAR_S for number in numbers)
    return memory if fits and all(n >= 0 for n in numbers if isinstance(n, int)) else kind()
