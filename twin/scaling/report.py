"""What a step of scaling writes into the log and the history."""

from twin.core.moment import iso
from twin.core.pair.history import Decision, Look, Record
from twin.core.scaling.observation import Observation
from twin.core.scaling.plan import Plan, Trouble
from twin.core.scaling.state import ScalingState
from twin.node.context import Context

_DRY_RUN = "a dry run, else: "


class Report:
    """Of one target."""

    def __init__(self, context: Context, target: str) -> None:
        self._log = context.log
        self._history = context.pair.history
        self._target = target

    def seen(self, seen: Observation, before: ScalingState, after: ScalingState) -> None:
        self._history.record(Record(looks={self._target: (_look(seen, after),)}))
        if after.verdict != before.verdict:
            was, now = before.verdict, after.verdict
            self._info("probe.changed", was=was, now=now, because=seen.words)
        if after.hand_since != before.hand_since:
            until = iso(after.respected_until)
            self._info("scale.by_hand", **{"from": before.quantity}, to=after.hand, until=until)
        if after.deployed_at != before.deployed_at:
            self._info("target.deployed", **{"from": before.quantity}, to=after.quantity)
        if before.outage_since is None and after.outage_since is not None:
            self._log.warning("outage.began", target=self._target, because=after.reason)
        if before.outage_since is not None and after.outage_since is None:
            self._info("outage.ended", since=iso(before.outage_since), because=seen.words)

    def changed(self, wall: float, was: int, to: int, decided: Plan) -> None:
        self._decided("scale.changed", Decision(int(wall), was, to, decided.reason))

    def would_change(self, wall: float, was: int, decided: Plan) -> None:
        to = was if decided.quantity is None else decided.quantity
        self._decided("scale.would_change", Decision(int(wall), was, to, decided.reason), _DRY_RUN)

    def failed(self, trouble: Trouble, reason: str) -> None:
        say = self._log.warning if trouble.heals else self._log.error
        say("scale.failed", target=self._target, because=trouble.text, plan=reason)

    def recovered(self, before: ScalingState) -> None:
        if before.trouble:
            self._info("scale.recovered", since=iso(before.trouble_since))

    def _decided(self, event: str, decision: Decision, note: str = "") -> None:
        was, to, because = decision.was, decision.to, decision.because
        kept = decision._replace(because=note + because)
        self._history.record(Record(decisions={self._target: (kept,)}))
        self._info(event, **{"from": was}, to=to, because=because)

    def _info(self, event: str, **values: object) -> None:
        self._log.info(event, target=self._target, **values)


def _look(seen: Observation, after: ScalingState) -> Look:
    answered = (probe for probe in seen.probes if probe.status is not None or probe.hangs)
    latency_ms = round(1000 * max((probe.elapsed_s for probe in answered), default=0.0))
    quantity = -1 if seen.reading is None else seen.reading.quantity
    baseline = -1 if seen.level is None else seen.level
    at = int(seen.wall)
    return Look(at // 60, latency_ms, after.verdict, at, quantity, baseline)
