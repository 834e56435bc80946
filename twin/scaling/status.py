"""A target as the status page and `/status` show it."""

from typing import Any

from twin.core.moment import iso
from twin.core.pair.history import Look
from twin.core.scaling.observation import target_quantity
from twin.core.scaling.state import ScalingState
from twin.node.notebook import read_as
from twin.settings.targets import ScaleSettings


def shown(
    settings: ScaleSettings, text: str | None, look: Look | None, wall: float
) -> dict[str, Any]:
    """`text` is the target's memo, `look` the newest one at it. Unknown values are None.

    `timetable` is its level, and `baseline` the quantity to which the target returns: that level
    or a manual one.
    """
    state, rules, timetable = read_as(ScalingState, text), settings.rules, settings.timetable
    level = timetable.level(wall) if timetable else None
    change = timetable.next_change(wall) if timetable else None
    saved = state.counted(rules.max_quantity, wall)
    is_manual = state.respects(wall, rules.respect_s)
    return {
        "name": settings.target.name,
        "quantity": state.quantity,
        "timetable": level,
        "baseline": target_quantity(level, rules, state, wall),
        "max": rules.max_quantity,
        "verdict": state.verdict,
        "latency_ms": look.latency_ms if look else None,
        "reason": state.reason or None,
        "next_change": {"at": iso(change[0]), "quantity": change[1]} if change else None,
        "outage_since": None if state.outage_since is None else iso(state.outage_since),
        "respected_until": iso(state.respected_until) if is_manual else None,
        "trouble": state.trouble or None,
        "dry_run": settings.dry_run,
        "looked_at": iso(look.at) if look else None,
        "saved": {"month": saved.month, "dyno_hours": round(saved.saved_s / 3600, 2)},
    }
