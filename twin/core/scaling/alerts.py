"""What people are alerted of about a target, when, and when its trouble is logged.

- An outage once, its end once, and in between a reminder at most once an hour.
- A manual change each time.
- Trouble that keeps the duty from its work: at once if somebody has to act, else after ten minutes;
  then at most once an hour; and its end once. The log gets each new trouble, and repeats it hourly.

The state notes an alert before it is sent. A twin that dies in between has alerted nobody, and the
reminder comes an hour later: late once, but never twice.
"""

from dataclasses import replace

from twin.core.alert import Alert, Severity, since, utc
from twin.core.scaling.observation import Observation
from twin.core.scaling.state import ScalingState
from twin.core.scaling.verdict import Verdict

_REMIND_S = 3600.0
_LASTS_S = 600.0
"""Most of what heals by itself has healed by then."""


def alerts(
    target: str, seen: Observation, before: ScalingState, after: ScalingState
) -> tuple[tuple[Alert, ...], ScalingState]:
    """The alerts after a look that made `after` of `before`, and the state that notes them."""
    outage, told_at = _of_outage(target, seen, before, after)
    found = (_by_hand(target, seen.wall, before, after), outage)
    return tuple(alert for alert in found if alert), replace(after, told_at=told_at)


def _by_hand(target: str, wall: float, before: ScalingState, after: ScalingState) -> Alert | None:
    if after.hand_since == before.hand_since:
        return None
    body = (
        f"Somebody else changed the quantity of {target}, seen at {utc(wall)}.\n"
        f"Why: it was {before.quantity}, and is {after.hand}."
    )
    return Alert(f"{target} was scaled by hand", body, Severity.INFO, target)


def _of_outage(
    target: str, seen: Observation, before: ScalingState, after: ScalingState
) -> tuple[Alert | None, float | None]:
    """With the time of the last alert about it."""
    wall, why = seen.wall, f"Why: {seen.words}."
    if after.outage_since is None:
        # It recovered only if it answers; otherwise it was switched off, or is not probed.
        if before.outage_since is None or before.told_at is None or after.well_since is None:
            return None, None
        body = (
            f"{target} has been up again since {utc(wall)}. It was down "
            f"{since(before.outage_since, wall)}.\n{why}"
        )
        return Alert(f"{target} is up again", body, Severity.SUCCESS, target), None
    body = f"{target} has been down {since(after.outage_since, wall)}.\n{why}"
    if after.told_at is None:
        return Alert(f"{target} is down", body, Severity.FAILURE, target), wall
    # No reminder of a target that may be on its way back.
    if Verdict(after.verdict).is_bad and _is_due(after.told_at, wall):
        return Alert(f"{target} is still down", body, Severity.FAILURE, target), wall
    return None, after.told_at


def trouble(
    target: str, state: ScalingState, text: str, heals: bool, wall: float
) -> tuple[bool, Alert | None, ScalingState]:
    """Whether to log this trouble, what to alert people of, and the state that notes both."""
    began = state.trouble_since if state.trouble else wall
    log = text != state.trouble or _is_due(state.trouble_logged_at, wall)
    due = state.trouble_told_at is None or _is_due(state.trouble_told_at, wall)
    tell = due and (not heals or wall - began >= _LASTS_S)
    state = replace(
        state,
        trouble=text,
        trouble_since=began,
        trouble_logged_at=wall if log else state.trouble_logged_at,
        trouble_told_at=wall if tell else state.trouble_told_at,
    )
    body = f"{target} has failed to scale {since(began, wall)}.\nWhy: {text}."
    alert = Alert(f"{target} cannot be scaled", body, Severity.WARNING, target) if tell else None
    return log, alert, state


def relief(target: str, state: ScalingState, wall: float) -> tuple[Alert | None, ScalingState]:
    """What to alert people of now that nothing keeps the duty from its work."""
    alert = None
    if state.trouble and state.trouble_told_at is not None:
        body = (
            f"{target} can be scaled again. It failed to scale "
            f"{since(state.trouble_since, wall)}.\nWhy: this is over: {state.trouble}."
        )
        alert = Alert(f"{target} can be scaled again", body, Severity.SUCCESS, target)
    return alert, replace(state, trouble="", trouble_told_at=None)


def _is_due(told_at: float, wall: float) -> bool:
    """An hour later; or at once, when the clock was set back."""
    return not 0 <= wall - told_at < _REMIND_S
