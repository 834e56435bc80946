"""How the scaling duty says what it saw and did: to the log, to the history and to people."""

from collections.abc import Callable
from dataclasses import dataclass

from twin.core.alert import Kind, News
from twin.core.moment import iso
from twin.core.pair.history import Decision, Look, Record
from twin.core.scaling.memory import Memory
from twin.core.scaling.observation import Observation
from twin.core.scaling.plan import Plan, Trouble
from twin.log import Log
from twin.node.notebook import Notebook


@dataclass(frozen=True, slots=True)
class Report:
    """Of one target. `tell` returns at once."""

    twin: str
    target: str
    notebook: Notebook
    tell: Callable[[News], None]
    log: Log

    def seen(self, seen: Observation, before: Memory, after: Memory) -> None:
        look = self._as_look(seen, after)
        self.notebook.record(Record(looks={self.target: (look,)}))
        if after.verdict != before.verdict:
            because = seen.words
            self._info("probe.changed", was=before.verdict, now=after.verdict, because=because)
        if after.hand_since != before.hand_since:
            until = iso(after.respected_until)
            self._info("scale.by_hand", **{"from": before.quantity}, to=after.hand, until=until)
        if after.deployed_at != before.deployed_at:
            self._info("target.deployed", **{"from": before.quantity}, to=after.quantity)
        if before.outage_since is None and after.outage_since is not None:
            self._warning("outage.began", because=after.reason)
        if before.outage_since is not None and after.outage_since is None:
            self._info("outage.ended", since=iso(before.outage_since), because=seen.words)

    def changed(self, wall: float, was: int, to: int, decided: Plan) -> None:
        self._decided(Decision(int(wall), was, to, decided.reason))
        self._info("scale.changed", **{"from": was}, to=to, because=decided.reason)

    def would_change(self, wall: float, was: int, decided: Plan) -> None:
        to = was if decided.quantity is None else decided.quantity
        self._decided(Decision(int(wall), was, to, f"a dry run, else: {decided.reason}"))
        self._info("scale.would_change", **{"from": was}, to=to, because=decided.reason)

    def failed(self, trouble: Trouble, reason: str) -> None:
        say = self.log.warning if trouble.heals else self.log.error
        say("scale.failed", target=self.target, because=trouble.text, plan=reason)

    def recovered(self, before: Memory) -> None:
        if before.trouble:
            self._info("scale.recovered", since=iso(before.trouble_since))

    def news(self, kind: Kind, seen: Observation, before: Memory, after: Memory, done: str) -> None:
        since, because = {
            Kind.OUTAGE: (after.outage_since, seen.words),
            Kind.REMINDER: (after.outage_since, seen.words),
            Kind.RECOVERY: (before.outage_since, seen.words),
            Kind.TROUBLE: (after.trouble_since, after.trouble),
            Kind.RELIEF: (after.trouble_since, f"what kept it is over ({before.trouble})"),
            Kind.BY_HAND: (after.hand_since, f"it was {before.quantity}, and is {after.hand}"),
        }[kind]
        at = seen.wall
        self.tell(News(kind, self.target, self.twin, at, since or at, because, done))

    def _as_look(self, seen: Observation, after: Memory) -> Look:
        answered = (probe for probe in seen.probes if probe.status is not None or probe.hangs)
        latency_ms = round(1000 * max((probe.elapsed_s for probe in answered), default=0.0))
        quantity = -1 if seen.quantity is None else seen.quantity
        baseline = -1 if seen.level is None else seen.level
        at = int(seen.wall)
        return Look(at // 60, latency_ms, after.verdict, at, quantity, baseline)

    def _decided(self, decision: Decision) -> None:
        self.notebook.record(Record(decisions={self.target: (decision,)}))

    def _info(self, event: str, **values: object) -> None:
        self.log.info(event, target=self.target, **values)

    def _warning(self, event: str, **values: object) -> None:
        self.log.warning(event, target=self.target, **values)
