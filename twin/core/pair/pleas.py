"""Going on without the arbiter: the holder asks every other twin to claim nothing for one lease."""

from math import inf

from twin.core.pair.arbiter import Member
from twin.core.pair.document import Document
from twin.core.pair.events import Request, Start
from twin.core.pair.lease import Lease
from twin.core.pair.ruled import lease_of
from twin.core.pair.state import Leaving, State
from twin.core.pair.step import Step
from twin.core.pair.strict_timeouts import CLOCKS_APART_S, RENEWS, TRUST_MARGIN_S


def plead_when_due(step: Step) -> None:
    lease, now = lease_of(step.state), step.now.mono
    if not lease.is_silent or now < lease.plead_at:
        return
    for member in _others(step.state):
        if member.url is not None:
            step.send(Request.UPDATE, member.url)
    step.send(Request.OWN)
    step.change_lease(plead_at=now + lease.length_s / RENEWS)


def announce(step: Step, starts: tuple[Start, ...]) -> None:
    """While the arbiter is silent: tell every twin of these runs; they begin when all know."""
    lease, now = lease_of(step.state), step.now.mono
    if lease.is_silent and starts:
        told_at = {**lease.told_at, **dict.fromkeys((start.job for start in starts), now)}
        step.change_lease(told_at=told_at, plead_at=now, unentered=True)
        plead_when_due(step)


def judge_plea(step: Step, document: Document) -> None:
    """R3: agree to claim nothing for one lease, unless the asker's claim is not the newest."""
    if not document.pleads:
        return
    state, lease = step.state, lease_of(step.state)
    newest = max(state.knowledge.claim.term, 0 if lease.record is None else lease.record.term)
    claim = document.claim
    agrees = (
        claim.is_by(document.twin, document.boot)
        and claim.term >= newest
        and not claim.released
        and not isinstance(state.stage, Leaving)
        and not state.on_duty
    )
    if not agrees:
        step.change_lease(confirms="")
        return
    until = step.now.mono + lease.length_s
    step.change_lease(confirms=document.boot, promised_to=document.boot, promised_until=until)


def confirmed(step: Step, boot: str, asked_at: float) -> None:
    """R2: a boot agreed to a question that was sent then."""
    lease = lease_of(step.state)
    at = max(asked_at, lease.confirmed.get(boot, -inf))
    step.change_lease(confirmed={**lease.confirmed, boot: at})
    since = _all_confirmed_since(step.state)
    if step.state.on_duty and since > -inf:
        until = since + lease.length_s - TRUST_MARGIN_S
        step.change_lease(trusted_until=max(lease.trusted_until, until))


def all_know(state: State, start: Start) -> bool:
    """Whether every twin has agreed since this run was announced, and no holder before can have
    started it: of that perhaps only the arbiter knows, if that one died."""
    told_at = lease_of(state).told_at.get(start.job)
    is_new = start.slot > state.role_since + CLOCKS_APART_S
    return is_new and told_at is not None and _all_confirmed_since(state) >= told_at


def _all_confirmed_since(state: State) -> float:
    """The sending time of the oldest of their newest agreements; -inf if one is missing.

    A boot that does not have its URL, or knows no other twin, cannot go on: whoever comes up at
    that URL, or is new, would not be asked.
    """
    others = _others(state)
    if not others:
        return -inf
    boots = (state.boot, *(member.boot for member in others))
    return min(lease_of(state).confirmed.get(boot, -inf) for boot in boots)


def _others(state: State) -> tuple[Member, ...]:
    """The twins that the arbiter may give the duty to: those of its list, and those that its record
    may know."""
    lease: Lease = lease_of(state)
    newest = {member.twin: member for member in (*lease.counted, *lease.members)}
    return tuple(member for twin, member in newest.items() if twin != state.twin)
