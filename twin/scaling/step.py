"""One step of scaling: looks at the target, asks the core what to do, and does it.

Nothing is kept between two steps but a memo of the pair, so that the other twin can make the next
step in the middle of an outage, of a window, of a respected manual change. The memo says what is
about to be done before it is done. A twin that dies in between has perhaps alerted nobody of an
outage, which the reminder makes up for after an hour; but nobody is alerted twice, and our own
change is never mistaken for a manual one. A step does nothing if the pair has a newer memo, which
means that this twin has lost the duty, or if this process froze while it looked.

From a breach to the request that scales out, at worst: PROBE_EVERY, less a second or more, until
the next look begins (`duties.scaling` has its slots), and PROBE_SLOW until an answer counts as
slow. The second probe, begun meanwhile, is judged then as well, and the quantity has been read.
With 15 s and 5 s that is 18 s and some milliseconds. Three things may add to it: a platform that
takes longer than the probes to tell the quantity; if a target answers 503, the platform's word
whether that is its maintenance page; and, if the platform of an unreachable target is in our own
network, the look whether our line works.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from twin.core.alert import Alert
from twin.core.scaling import alerts
from twin.core.scaling.observation import Observation, target_quantity
from twin.core.scaling.plan import Plan, Trouble, plan, within
from twin.core.scaling.state import ScalingState, key_of
from twin.core.scaling.target import Reading, Target, TargetError
from twin.core.scaling.verdict import Probe, Verdict
from twin.core.schedule.job import AlreadyTold
from twin.node.context import Context
from twin.node.notebook import read_as, written
from twin.scaling.report import Report
from twin.settings.targets import ScaleSettings

_CLOSED = 503
"""The status of platforms' maintenance pages."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """One target, scaled while this twin is on duty. `core.scaling.plan` has the rules."""

    settings: ScaleSettings
    target: Target
    context: Context
    probe: Callable[[], Sequence[Probe]] = tuple
    """One probe of the target, or two if the first was bad; none without a PROBE_URL."""
    line_doubt: Callable[[], str] = str
    """Why our own connection may be down; empty if it works."""

    def step(self, wall: float, term: int) -> None:
        """Look once, and change the quantity if need be.

        `wall` is in epoch seconds, and `term` that of the claim by which this twin is on duty.
        Called every PROBE_EVERY, never while it runs. An error of the platform is logged, alerted
        of if need be, and raised as AlreadyTold; the next step tries again what is still wanted.
        """
        _Step(self, wall, term).run()


class _Step:
    """One step, and what it knows so far."""

    def __init__(self, scaling: Scaling, wall: float, term: int) -> None:
        self._scaling = scaling
        self._settings = scaling.settings
        self._pair = scaling.context.pair
        self._name = scaling.settings.target.name
        self._rules = scaling.settings.rules
        self._report = Report(scaling.context, self._name)
        self._wall = wall
        self._term = term
        self._freezes = self._pair.freezes()
        self._before = read_as(ScalingState, self._pair.recall(key_of(self._name)))
        self._state = self._before.counted(self._rules.max_quantity, wall)
        self._written = self._before
        self._plan = Plan(None, "")
        self._error: TargetError | None = None

    def run(self) -> None:
        seen = self._look()
        if self._pair.freezes() != self._freezes:
            return  # perhaps this process was slow, and the other twin is on duty by now
        self._plan, self._state = plan(seen, self._rules, self._state)
        found, self._state = alerts.alerts(self._name, seen, self._before, self._state)
        self._report.seen(seen, self._before, self._state)
        if not self._write_down_what_is_wanted():
            return
        done = self._act(seen)
        trouble = self._settle_trouble()
        self._write_down()
        for alert in (*found, *trouble):
            self._scaling.context.alert(alert.with_line(f"Done: {done}."))
        if self._error is not None:
            raise AlreadyTold(str(self._error))

    # ---- looking

    def _look(self) -> Observation:
        """Read the quantity while probing, since a target that hangs takes its time."""
        timetable = self._settings.timetable
        level = None if timetable is None else timetable.level(self._wall)
        with ThreadPoolExecutor(1) as meanwhile:
            reading = meanwhile.submit(self._read)
            probes = self._probes(level)
        return self._witnessed(Observation(self._wall, reading.result(), level, probes))

    def _witnessed(self, seen: Observation) -> Observation:
        """With what others say about the cause."""
        rules, was_read = self._rules, seen.reading is not None
        if seen.probes and seen.verdict(rules) is Verdict.UNREACHABLE:
            # A platform that has just answered from beyond this machine proves that our line works.
            is_proved = was_read and self._settings.target.is_beyond
            return replace(seen, doubt="" if is_proved else self._scaling.line_doubt())
        if was_read and seen.is_bad(rules) and seen.probes[-1].status == _CLOSED:
            return replace(seen, is_closed=self._is_closed())
        return seen

    def _read(self) -> Reading | None:
        try:
            return self._scaling.target.read()
        except TargetError as error:
            self._error = error
            return None

    def _is_closed(self) -> bool:
        try:
            return self._scaling.target.is_closed()
        except TargetError:
            return False  # an outage, as far as can be told

    def _probes(self, level: int | None) -> Sequence[Probe]:
        """None if there are or shall be no processes: a request might wake what was scaled to 0."""
        aim = target_quantity(level, self._rules, self._state, self._wall)
        return () if 0 in (aim, self._state.quantity) else self._scaling.probe()

    # ---- acting

    def _act(self, seen: Observation) -> str:
        """What was done, in words."""
        reading, wanted = seen.reading, self._plan.quantity
        if reading is None:
            return f"nothing, since the quantity could not be read: {self._error}"
        if wanted is None:
            return f"nothing: {self._plan.reason}"
        was = reading.quantity
        if self._settings.dry_run:
            if wanted != self._before.would:
                self._report.would_change(self._wall, was, self._plan)
            return f"nothing, as this is a dry run: it would be scaled from {was} to {wanted}"
        try:
            return self._changed(was, self._scaling.target.write(wanted))
        except TargetError as error:
            if error.limit is not None and error.limit < wanted:
                return self._follow(error, seen, reading)
            self._error = error
            if error.stands not in (None, was):
                self._changed(was, error.stands)
            return f"it could not be scaled from {was} to {wanted}: {error}"

    def _changed(self, was: int, stands: int) -> str:
        self._state = self._state.with_quantity(stands, self._wall)
        self._report.changed(self._wall, was, stands, self._plan)
        return f"scaled from {was} to {stands}"

    def _follow(self, refusal: TargetError, seen: Observation, reading: Reading) -> str:
        """Go as far as the platform allows; each refusal allows less."""
        self._state = self._state.with_limit(refusal, self._wall)
        self._plan = within(self._plan, self._wall, reading, self._rules, self._state)
        self._state = replace(self._state, reason=self._plan.reason)
        if not self._write_down_what_is_wanted():
            return "nothing, since the other twin is on duty"
        return self._act(seen)

    def _settle_trouble(self) -> tuple[Alert, ...]:
        """Log the trouble, or its end, and return the alert of it, if any."""
        before, error = self._state, self._error
        trouble = self._plan.trouble if error is None else Trouble(str(error), error.heals)
        if trouble is None:
            alert, self._state = alerts.relief(self._name, before, self._wall)
            self._report.recovered(before)
        else:
            log, alert, self._state = alerts.trouble(self._name, before, *trouble, self._wall)
            if log:
                self._report.failed(trouble, self._state.reason)
        return () if alert is None else (alert,)

    # ---- remembering

    def _write_down_what_is_wanted(self) -> bool:
        """Whether this twin's memo still counts; asked before each change."""
        if self._plan.quantity is not None and not self._settings.dry_run:
            self._state = replace(self._state, wanted=self._plan.quantity)
        return self._write_down()

    def _write_down(self) -> bool:
        """Whether this twin's memo still counts."""
        if not self._state.is_worth_writing(self._written):
            return True
        key, text = key_of(self._name), written(self._state)
        self._pair.remember(key, text, self._term)
        self._written = self._state
        return self._pair.recall(key) == text
