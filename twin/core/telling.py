"""When people are told of a target, and when its log is.

- Of an outage once, of its end, and in between at most once an hour.
- Of somebody who scales by hand, each time.
- Of trouble with the platform that does not heal by itself: once, and then at most once an hour,
  until the platform has done what it was asked. The log has every trouble, when it changes and once
  an hour; such as heals by itself is told nobody else.

That somebody was told is remembered before it is told. A twin that dies in between has then told
nobody, and the reminder comes an hour later: late once, but never twice.
"""

from dataclasses import replace

from twin.core.memory import Memory
from twin.core.news import Kind
from twin.core.verdict import Verdict

_REMIND_S = 3600.0


def tidings(before: Memory, after: Memory, wall: float) -> tuple[tuple[Kind, ...], Memory]:
    """What to tell of a look that made `after` of `before`; and what to remember then."""
    by_hand = (Kind.BY_HAND,) if after.hand_since != before.hand_since else ()
    outage, told_at = _of_outage(before, after, wall)
    return (*by_hand, *outage), replace(after, told_at=told_at)


def _of_outage(before: Memory, after: Memory, wall: float) -> tuple[tuple[Kind, ...], float | None]:
    if after.outage_since is None:
        # It recovered only if it answers; otherwise it was switched off, or is not looked at.
        was_told = before.outage_since is not None and before.told_at is not None
        return ((Kind.RECOVERY,) if was_told and after.well_since is not None else ()), None
    if after.told_at is None:
        return (Kind.OUTAGE,), wall
    # Not of a target that may be on its way back.
    if Verdict(after.verdict).is_bad and _is_due(after.told_at, wall):
        return (Kind.REMINDER,), wall
    return (), after.told_at


def troubled(memory: Memory, trouble: str, heals: bool, wall: float) -> tuple[bool, bool, Memory]:
    """Whether to log this trouble, whether to tell people, and what to remember then."""
    is_new = not memory.trouble
    log = trouble != memory.trouble or _is_due(memory.trouble_logged_at, wall)
    tell = not heals and (memory.trouble_told_at is None or _is_due(memory.trouble_told_at, wall))
    memory = replace(
        memory,
        trouble=trouble,
        trouble_since=wall if is_new else memory.trouble_since,
        trouble_logged_at=wall if log else memory.trouble_logged_at,
        trouble_told_at=wall if tell else memory.trouble_told_at,
    )
    return log, tell, memory


def untroubled(memory: Memory) -> Memory:
    return replace(memory, trouble="", trouble_told_at=None)


def _is_due(told_at: float, wall: float) -> bool:
    """An hour later; or at once, when the clock was set back."""
    return not 0 <= wall - told_at < _REMIND_S
