"""The memory of a target as a memo of the pair, which carries it from one twin to the next."""

import json
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from typing import TypeVar

from twin.core.absence import Absence
from twin.core.bounds import TEXT_BYTES, shortened
from twin.core.memory import Memory

T = TypeVar("T", Memory, Absence)

_COUNT_EVERY_S = 300.0
"""What is saved can be counted from an older memo, too: it alone is not worth sending each time."""
_FAR_S = 6e10
"""In the year 3871, or 68. JSON as Python reads it has times that no calendar has, and even NaN."""


def key_of(target: str) -> str:
    """Of the target's memo."""
    return f"scale {target}"


def written(memory: Memory | Absence) -> str:
    """As JSON, which the pair can carry; what is as it is by default is left out."""
    usual = asdict(type(memory)())
    told = {
        name: shortened(value, TEXT_BYTES) if isinstance(value, str) else value
        for name, value in asdict(memory).items()
        if value != usual[name]
    }
    return json.dumps(told, ensure_ascii=False)


def read(text: str | None) -> Memory:
    """An empty memory if there is no memo, or one that this release cannot read."""
    return read_as(Memory, text)


def read_as(kind: type[T], text: str | None) -> T:
    """As `read`; what else is remembered so has a default for each of its fields, too."""
    try:
        memory = kind(**json.loads(text or "{}"))
    except (ValueError, TypeError):
        return kind()
    fits = all(isinstance(getattr(memory, each.name), each.type) for each in fields(memory))  # type: ignore[arg-type]  # its types are no strings
    numbers = (value for value in asdict(memory).values() if isinstance(value, int | float))
    fits = fits and all(abs(number) < _FAR_S for number in numbers)
    return memory if fits and all(count >= 0 for count in _counts(memory)) else kind()


def _counts(memory: Memory | Absence) -> Iterator[int]:
    return (value for value in asdict(memory).values() if isinstance(value, int))


def is_worth_writing(after: Memory, before: Memory) -> bool:
    counted = replace(
        after, month=before.month, saved_s=before.saved_s, counted_at=before.counted_at
    )
    return counted != before or not 0 <= after.counted_at - before.counted_at < _COUNT_EVERY_S
