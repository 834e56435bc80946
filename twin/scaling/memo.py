"""The memory of a target as a memo of the pair, which carries it from one twin to the next."""

from dataclasses import replace

from twin.core.scaling.memory import Memory
from twin.node.notebook import read_as

_COUNT_EVERY_S = 300.0
"""What is saved can be counted from an older memo, too: it alone is not worth sending each time."""


def key_of(target: str) -> str:
    """Of the target's memo."""
    return f"scale {target}"


def read(text: str | None) -> Memory:
    """An empty memory if there is no memo, or one that this release cannot read."""
    return read_as(Memory, text)


def is_worth_writing(after: Memory, before: Memory) -> bool:
    counted = replace(
        after, month=before.month, saved_s=before.saved_s, counted_at=before.counted_at
    )
    return counted != before or not 0 <= after.counted_at - before.counted_at < _COUNT_EVERY_S
