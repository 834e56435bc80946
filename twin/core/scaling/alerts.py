"""When people are told of a target, and when its log is.

- Of an outage once, of its end, and in between at most once an hour.
- Of somebody who scales by hand, each time.
- Of trouble that keeps the duty from its work: at once if somebody has to change something, else
  when it has lasted for ten minutes; then at most once an hour; and once that it is over. The log
  has every trouble, when it changes and once an hour.

That somebody was told is remembered before it is told. A twin that dies in between has then told
nobody, and the reminder comes an hour later: late once, but never twice.
"""

from dataclasses import replace

from twin.core.alert import Kind
from twin.core.scaling.memory import Memory
from twin.core.scaling.verdict import Verdict

_REMIND_S = 3600.0
_LASTS_S = 600.0
"""What heals by itself mostly has by then."""


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
    since = memory.trouble_since if memory.trouble else wall
    log = trouble != memory.trouble or _is_due(memory.trouble_logged_at, wall)
    due = memory.trouble_told_at is None or _is_due(memory.trouble_told_at, wall)
    tell = due and (not heals or wall - since >= _LASTS_S)
    memory = replace(
        memory,
        trouble=trouble,
        trouble_since=since,
        trouble_logged_at=wall if log else memory.trouble_logged_at,
        trouble_told_at=wall if tell else memory.trouble_told_at,
    )
    return log, tell, memory


def untroubled(memory: Memory) -> tuple[bool, Memory]:
    """Whether to tell people that it is over, and what to remember then."""
    tell = bool(memory.trouble) and memory.trouble_told_at is not None
    return tell, replace(memory, trouble="", trouble_told_at=None)


def _is_due(told_at: float, wall: float) -> bool:
    """An hour later; or at once, when the clock was set back."""
    return not 0 <= wall - told_at < _REMIND_S
