"""What is saved, against SCALE_MAX processes all the time, in a calendar month (UTC)."""

from dataclasses import replace
from datetime import UTC, datetime

from twin.core.scaling.memory import Memory

_GAP_S = 3600.0
"""After so long without a look nobody knows how many ran, and nothing is counted."""


def counted(memory: Memory, most: int, wall: float) -> Memory:
    """With the time since the last count, in which as many ran as are remembered.

    More than `most` cost instead of saving. A few minutes at the turn of a month count for the new.
    """
    month = datetime.fromtimestamp(wall, UTC).strftime("%Y-%m")
    saved_s = memory.saved_s if month == memory.month else 0.0
    passed_s = wall - memory.counted_at
    if memory.quantity is not None and 0 < passed_s <= _GAP_S:
        saved_s += (most - memory.quantity) * passed_s
    return replace(memory, month=month, saved_s=saved_s, counted_at=wall)
