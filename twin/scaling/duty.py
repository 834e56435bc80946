"""The scaling duty: looks at the target, asks the core how many there should be, sees to it.

Nothing is kept between two steps but in a memo of the pair, so that the next step may be made by
the other twin: in the middle of an outage, of a window, of what somebody set by hand. What is about
to be done is written down before it is done. A twin that ends in between has perhaps told nobody of
an outage, which the reminder makes up for after an hour; but nobody is told twice, and our own
change is never mistaken for somebody else's. Who finds that the pair has a newer memo than his has
lost the duty meanwhile, and does nothing; nor does who stood still while it looked.

From a breach to the request that scales out, at worst: PROBE_EVERY, less a second or more, until
the next look begins (`duty_jobs` has its slots); PROBE_SLOW until an answer counts as slow, when
the second probe, begun meanwhile, is judged as well; and the quantity is read meanwhile, too. With
15 s and 5 s that is 18 s and some milliseconds. Three things may add to it: the platform, if it
takes longer than the probes to tell the quantity; where a target answers 503, the platform's word
whether that is its maintenance page; and, where an unreachable target's platform is in our own
network, the look whether our line works.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from twin.core.alert import Kind
from twin.core.scaling.alerts import tidings, troubled, untroubled
from twin.core.scaling.observation import Observation, Rules, target_quantity
from twin.core.scaling.plan import Plan, Trouble, plan, within
from twin.core.scaling.savings import counted
from twin.core.scaling.target import Reading, Target, TargetError
from twin.core.scaling.timetable import Timetable
from twin.core.scaling.verdict import Probe, Verdict
from twin.node.notebook import Notebook, written
from twin.scaling import memo
from twin.scaling.report import Report

_CLOSED = 503
"""With what platforms show their maintenance pages."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """One target, scaled while this twin is on duty. The rules are in `core.plan`."""

    target: Target
    probe: Callable[[], Sequence[Probe]] | None
    """One probe of the target, or two if the first was bad; None if there is no PROBE_URL."""
    line_doubt: Callable[[bool], str]
    """Why it may be our own connection that is down; empty if that works. Told whether the platform
    has just been read."""
    freezes: Callable[[], int]
    """How often this process has stood still so far."""
    timetable: Timetable | None
    rules: Rules
    dry_run: bool
    notebook: Notebook
    report: Report

    def step(self, wall: float, term: int) -> None:
        """Looks once and changes the quantity if need be; `wall` in epoch seconds, `term` that of
        the claim by which this twin has the duty.

        Called every PROBE_EVERY, never while it runs. An error of the platform is logged, told if
        need be, and raised as TargetError; what is still wanted then is tried in the next step.
        """
        _Step(self, wall, term).run()


class _Step:
    """One step, and what it remembers so far."""

    def __init__(self, duty: Scaling, wall: float, term: int) -> None:
        self._duty = duty
        self._key = memo.key_of(duty.target.name)
        self._wall = wall
        self._term = term
        self._freezes = duty.freezes()
        self._before = memo.read(duty.notebook.recall(self._key))
        self._memory = counted(self._before, duty.rules.max_quantity, wall)
        self._written = self._before
        self._plan = Plan(None, "")
        self._error: TargetError | None = None

    def run(self) -> None:
        seen = self._look()
        if self._duty.freezes() != self._freezes:
            return  # what seemed slow was perhaps this process, and the duty is the other's by now
        self._plan, self._memory = plan(seen, self._duty.rules, self._memory)
        kinds, self._memory = tidings(self._before, self._memory, self._wall)
        self._duty.report.seen(seen, self._before, self._memory)
        if not self._write_down_what_is_wanted():
            return
        done = self._act(seen)
        kinds += self._settle_trouble()
        self._write_down()
        for kind in kinds:
            self._duty.report.news(kind, seen, self._before, self._memory, done)
        if self._error is not None:
            raise self._error

    # ---- looking

    def _look(self) -> Observation:
        """Reads the quantity while it probes, as a target that hangs takes its time."""
        timetable = self._duty.timetable
        level = None if timetable is None else timetable.level(self._wall)
        with ThreadPoolExecutor(1) as meanwhile:
            reading = meanwhile.submit(self._read)
            probes = self._probes(level)
        return self._witnessed(Observation(self._wall, reading.result(), level, probes))

    def _witnessed(self, seen: Observation) -> Observation:
        """With the word of others on what is wrong with it."""
        rules, was_read = self._duty.rules, seen.reading is not None
        if seen.probes and seen.verdict(rules) is Verdict.UNREACHABLE:
            return replace(seen, doubt=self._duty.line_doubt(was_read))
        if was_read and seen.is_bad(rules) and seen.probes[-1].status == _CLOSED:
            return replace(seen, is_closed=self._is_closed())
        return seen

    def _read(self) -> Reading | None:
        try:
            return self._duty.target.read()
        except TargetError as error:
            self._error = error
            return None

    def _is_closed(self) -> bool:
        try:
            return self._duty.target.is_closed()
        except TargetError:
            return False  # an outage, as far as can be told

    def _probes(self, level: int | None) -> Sequence[Probe]:
        """None where there are no processes, or shall be none: who scales to zero does not want the
        target called."""
        aim = target_quantity(level, self._duty.rules, self._memory, self._wall)
        if self._duty.probe is None or 0 in (aim, self._memory.quantity):
            return ()
        return self._duty.probe()

    # ---- acting

    def _act(self, seen: Observation) -> str:
        """What was done, in words."""
        reading, wanted = seen.reading, self._plan.quantity
        if reading is None:
            return f"nothing, since the quantity could not be read: {self._error}"
        if wanted is None:
            return f"nothing: {self._plan.reason}"
        was = reading.quantity
        if self._duty.dry_run:
            if wanted != self._before.would:
                self._duty.report.would_change(self._wall, was, self._plan)
            return f"nothing, as this is a dry run: it would be scaled from {was} to {wanted}"
        try:
            return self._changed(was, self._duty.target.write(wanted))
        except TargetError as error:
            if error.limit is not None and error.limit < wanted:
                return self._follow(error, seen, reading)
            self._error = error
            if error.stands not in (None, was):
                self._changed(was, error.stands)
            return f"it could not be scaled from {was} to {wanted}: {error}"

    def _changed(self, was: int, stands: int) -> str:
        self._memory = self._memory.with_quantity(stands, self._wall)
        self._duty.report.changed(self._wall, was, stands, self._plan)
        return f"scaled from {was} to {stands}"

    def _follow(self, refusal: TargetError, seen: Observation, reading: Reading) -> str:
        """Goes as far as the platform allows; it allows less with each refusal."""
        self._memory = self._memory.with_limit(refusal, self._wall)
        self._plan = within(self._plan, self._wall, reading, self._duty.rules, self._memory)
        self._memory = replace(self._memory, reason=self._plan.reason)
        if not self._write_down_what_is_wanted():
            return "nothing, since the other twin has the duty"
        return self._act(seen)

    def _settle_trouble(self) -> tuple[Kind, ...]:
        """Log the trouble, or its end. What people are to be told of it."""
        before, error = self._memory, self._error
        trouble = self._plan.trouble if error is None else Trouble(str(error), error.heals)
        if trouble is None:
            tell, self._memory = untroubled(before)
            self._duty.report.recovered(before)
            return (Kind.RELIEF,) if tell else ()
        log, tell, self._memory = troubled(before, trouble.text, trouble.heals, self._wall)
        if log:
            self._duty.report.failed(trouble, self._memory.reason)
        return (Kind.TROUBLE,) if tell else ()

    # ---- remembering

    def _write_down_what_is_wanted(self) -> bool:
        """Whether this twin still has the word; asked before each change."""
        if self._plan.quantity is not None and not self._duty.dry_run:
            self._memory = replace(self._memory, wanted=self._plan.quantity)
        return self._write_down()

    def _write_down(self) -> bool:
        """Whether this twin still has the word."""
        if not memo.is_worth_writing(self._memory, self._written):
            return True
        notebook, text = self._duty.notebook, written(self._memory)
        notebook.remember(self._key, text, self._term)
        self._written = self._memory
        return notebook.recall(self._key) == text
