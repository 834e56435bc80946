"""A target as the status page and `/status` show it."""

from typing import Any, Protocol

from twin.core.moment import iso
from twin.core.pair.history import Look
from twin.core.scaling.memory import Memory
from twin.core.scaling.observation import Rules, target_quantity
from twin.core.scaling.savings import counted
from twin.core.scaling.timetable import Timetable
from twin.scaling import memo


class TargetSettings(Protocol):
    @property
    def target(self) -> object:
        """Its name, by `str`."""

    @property
    def timetable(self) -> Timetable | None: ...

    @property
    def rules(self) -> Rules: ...

    @property
    def dry_run(self) -> bool: ...


def shown(
    settings: TargetSettings, text: str | None, look: Look | None, wall: float
) -> dict[str, Any]:
    """`text` is the target's memo, `look` the newest one at it; what is not known is None.

    Times are written out; `timetable` is its level, and `baseline` what the target returns to:
    that, or what somebody set by hand.
    """
    memory, rules = memo.read(text), settings.rules
    level = settings.timetable.level(wall) if settings.timetable else None
    saved = counted(memory, rules.max_quantity, wall)
    return {
        "name": str(settings.target),
        "quantity": memory.quantity,
        "timetable": level,
        "baseline": target_quantity(level, rules, memory, wall),
        "max": rules.max_quantity,
        "verdict": memory.verdict,
        "latency_ms": look.latency_ms if look else None,
        "reason": memory.reason or None,
        "next_change": _next_change(settings.timetable, wall),
        "outage_since": _iso(memory.outage_since),
        "respected_until": _respected_until(memory, rules, wall),
        "trouble": memory.trouble or None,
        "dry_run": settings.dry_run,
        "looked_at": iso(look.at) if look else None,
        "saved": {"month": saved.month, "dyno_hours": round(saved.saved_s / 3600, 2)},
    }


def _next_change(timetable: Timetable | None, wall: float) -> dict[str, Any] | None:
    change = timetable.next_change(wall) if timetable else None
    return {"at": iso(change[0]), "quantity": change[1]} if change else None


def _respected_until(memory: Memory, rules: Rules, wall: float) -> str | None:
    return iso(memory.respected_until) if memory.respects(wall, rules.respect_s) else None


def _iso(wall: float | None) -> str | None:
    return None if wall is None else iso(wall)
