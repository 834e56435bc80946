"""The scaling duty: looks at the target, asks the core how many there should be, sees to it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from twin.core.plan import Memory, Rules, Sight, plan
from twin.core.target import Target, TargetError
from twin.core.timetable import Timetable
from twin.core.verdict import Probe, Verdict, judge
from twin.log import Log

# An error that lasts is said again so that it is found in the log, but does not fill it.
_REMIND_S = 3600.0

_HEROKU_TARGET = re.compile(r"([A-Za-z0-9-]+)(?:/([-A-Za-z0-9_]{1,128}))?")


@dataclass(frozen=True, slots=True)
class HerokuName:
    """An app, by name or id, and one of its process types."""

    app: str
    process_type: str


def parse_target(text: str) -> HerokuName:
    """`my-app` is the app's `web`; `my-app/worker` names the process type. Raises ValueError."""
    if text.startswith("docker:"):
        raise ValueError(
            f"SCALE_TARGET is {text}: Docker services cannot be scaled yet, name a Heroku app"
        )
    match = _HEROKU_TARGET.fullmatch(text)
    if match is None:
        raise ValueError(
            f"SCALE_TARGET is {text!r}: name a Heroku app, such as my-app, or my-app/worker"
        )
    return HerokuName(match[1], match[2] or "web")


class Scaling:
    """One target, scaled while this twin is on duty; made anew each time it takes the duty.

    `probe` makes one request to the target; None if there is no PROBE_URL. `timetable` is None if
    none is set. The rules are in `core.plan`.
    """

    def __init__(
        self,
        target: Target,
        probe: Callable[[], Probe] | None,
        timetable: Timetable | None,
        rules: Rules,
        log: Log,
    ) -> None:
        self._target = target
        self._probe = probe
        self._timetable = timetable
        self._rules = rules
        self._log = log
        self._memory = Memory()
        self._verdict = Verdict.UNKNOWN
        self._trouble = _Trouble(target.name, log)

    def step(self, wall: float) -> None:
        """Looks once and changes the quantity if need be; `wall` in epoch seconds.

        Called every PROBE_EVERY, never while it runs. Takes two probes and two requests at most,
        each of which has its limit. An error of the platform is logged and raised as TargetError;
        what is still wanted then is tried again in the next step.
        """
        level = None if self._timetable is None else self._timetable.level(wall)
        probes = self._probes(level)
        self._note(probes)
        try:
            quantity = self._target.read()
        except TargetError as error:
            reason, _ = self._decide(Sight(wall, None, level, probes))
            self._trouble.tell(error, wall, reason)
            raise
        reason, wanted = self._decide(Sight(wall, quantity, level, probes))
        try:
            if wanted is not None:
                self._change(quantity, wanted, reason)
        except TargetError as error:
            self._trouble.tell(error, wall, reason)
            raise
        else:
            self._trouble.end()

    def _probes(self, level: int | None) -> Sequence[Probe]:
        """One probe, and at once a second one if the first was bad. None at level 0: who scales to
        zero does not want the target called."""
        if self._probe is None or level == 0:
            return ()
        first = self._probe()
        return (first, self._probe()) if judge(first, self._rules.slow_s).is_bad else (first,)

    def _note(self, probes: Sequence[Probe]) -> None:
        seen = judge(probes[-1] if probes else None, self._rules.slow_s)
        if seen is self._verdict:
            return
        because = str(probes[-1]) if probes else "not probed"
        self._tell("probe.changed", was=self._verdict.value, now=seen.value, because=because)
        self._verdict = seen

    def _decide(self, sight: Sight) -> tuple[str, int | None]:
        decided, self._memory = plan(sight, self._rules, self._memory)
        return decided.reason, decided.quantity

    def _change(self, quantity: int, wanted: int, reason: str) -> None:
        stands = self._target.write(wanted)
        self._tell("scale.changed", **{"from": quantity}, to=stands, because=reason)

    def _tell(self, event: str, **values: object) -> None:
        self._log.info(event, target=self._target.name, **values)


class _Trouble:
    """Says each error of the platform once, an error that lasts once an hour, and the end of it."""

    def __init__(self, name: str, log: Log) -> None:
        self._name = name
        self._log = log
        self._text = ""
        self._told_at = 0.0

    def tell(self, error: TargetError, wall: float, plan: str) -> None:
        """`plan` is what was wanted when the error came."""
        text = str(error)
        if text == self._text and 0 <= wall - self._told_at < _REMIND_S:
            return
        say = self._log.warning if error.heals else self._log.error
        say("scale.failed", target=self._name, because=text, plan=plan)
        self._text, self._told_at = text, wall

    def end(self) -> None:
        if self._text:
            self._log.info("scale.recovered", target=self._name, after=self._text)
            self._text = ""
