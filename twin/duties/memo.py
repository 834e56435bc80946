"""The memory of a target as a memo of the pair, which carries it from one twin to the next."""

import json
from dataclasses import asdict, fields, replace

from twin.core.bounds import TEXT_BYTES, shortened
from twin.core.memory import Memory

_COUNT_EVERY_S = 300.0
"""What is saved can be counted from an older memo, too: it alone is not worth sending each time."""
_FAR_S = 6e10
"""In the year 3871, or 68. JSON as Python reads it has times that no calendar has, and even NaN."""


def key_of(target: str) -> str:
    """Of the target's memo."""
    return f"scale {target}"


def written(memory: Memory) -> str:
    """As JSON, which the pair can carry; what is as it is by default is left out."""
    usual = asdict(Memory())
    told = {
        name: shortened(value, TEXT_BYTES) if isinstance(value, str) else value
        for name, value in asdict(memory).items()
        if value != usual[name]
    }
    return json.dumps(told, ensure_ascii=False)


def read(text: str | None) -> Memory:
    """An empty memory if there is no memo, or one that this release cannot read."""
    try:
        memory = Memory(**json.loads(text or "{}"))
    except (ValueError, TypeError):
        return Memory()
    fits = all(isinstance(getattr(memory, each.name), each.type) for each in fields(memory))  # type: ignore[arg-type]  # its types are no strings
    numbers = (value for value in asdict(memory).values() if isinstance(value, int | float))
    return memory if fits and all(abs(number) < _FAR_S for number in numbers) else Memory()


def is_worth_writing(after: Memory, before: Memory) -> bool:
    counted = replace(
        after, month=before.month, saved_s=before.saved_s, counted_at=before.counted_at
    )
    return counted != before or not 0 <= after.counted_at - before.counted_at < _COUNT_EVERY_S
