"""The scaling duty, step by step: its target, its probes, its memo, its alerts and its log."""

import contextlib
import io
import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from node_bench import ENVIRON
from wire import Wire

from twin.clock import Clock
from twin.core.alert import Alert
from twin.core.pair.history import Decision, Look, Record
from twin.core.pair.state import State
from twin.core.scaling.observation import Rules
from twin.core.scaling.target import Reading, TargetError
from twin.core.scaling.timetable import Timetable, parse_timetable
from twin.core.scaling.verdict import Probe
from twin.core.schedule.job import AlreadyTold
from twin.log import Log
from twin.node.context import Context
from twin.node.history import KeptHistory
from twin.scaling.platforms.docker import DockerAddress
from twin.scaling.platforms.heroku import HerokuAddress, HerokuTarget
from twin.scaling.step import Scaling
from twin.settings.settings import read_settings
from twin.settings.targets import ScaleSettings

GOOD = Probe(200, 0.1)
BAD = Probe(503, 0.1)
REFUSED = Probe(None, 0.1, "no connection: Connection refused")
EVERY_S = 15.0
WAKING = TargetError("the API is waking", heals=True)
NO_KEY = TargetError("the key is wrong", heals=False)
NAME = "my-app/web"


class Died(Exception):  # noqa: N818 (it stands for a kill, not for an error)
    """The twin dies where this is raised."""


class FakeTarget:
    """A quantity, and the errors that reads and writes of it raise."""

    name = NAME

    def __init__(self, quantity: int) -> None:
        self.quantity = quantity
        self.ceiling = 100
        self.unreadable: TargetError | None = None
        self.unwritable: TargetError | None = None
        self.dies_after_writing = False
        self.was_read = threading.Event()
        self.template = ""
        self.under_way = ""
        self.closed: bool | TargetError = False
        self.limit = 100

    def read(self) -> Reading:
        self.was_read.set()
        if self.unreadable:
            raise self.unreadable
        return Reading(self.quantity, self.template, self.under_way)

    def is_closed(self) -> bool:
        if isinstance(self.closed, TargetError):
            raise self.closed
        return self.closed

    def write(self, quantity: int) -> int:
        if self.unwritable:
            raise self.unwritable
        if quantity > self.limit:
            raise TargetError(f"no more than {self.limit}", heals=False, limit=self.limit)
        self.quantity = min(quantity, self.ceiling)
        if self.quantity != quantity:
            raise TargetError("something keeps it", heals=True, stands=self.quantity)
        if self.dies_after_writing:
            raise Died
        return self.quantity


class Kind(Enum):
    """The kind of an alert, by the end of its title."""

    OUTAGE = "is down"
    REMINDER = "is still down"
    RECOVERY = "is up again"
    TROUBLE = "cannot be scaled"
    RELIEF = "can be scaled again"
    BY_HAND = "was scaled by hand"


def kind_of(alert: Alert) -> Kind:
    return Kind(alert.title.partition(" ")[2])


def why(alert: Alert) -> str:
    return alert.body.splitlines()[1].removeprefix("Why: ").removesuffix(".")


def done(alert: Alert) -> str:
    return alert.body.splitlines()[2].removeprefix("Done: ").removesuffix(".")


class Noted(KeptHistory):
    def __init__(self) -> None:
        super().__init__()
        self.looks: list[Look] = []
        self.decisions: list[Decision] = []

    def record(self, record: Record) -> None:
        self.looks += record.looks.get(NAME, ())
        self.decisions += record.decisions.get(NAME, ())


class Notes:
    """What the pair remembers; a memo of a higher term replaces the others."""

    def __init__(self) -> None:
        self.memos: dict[str, tuple[int, str]] = {}
        self.written = 0
        self.history: KeptHistory = Noted()
        self.freeze_count = 0

    def look(self) -> State:
        raise AssertionError("a step does not read the state")

    def freezes(self) -> int:
        return self.freeze_count

    @property
    def noted(self) -> Noted:
        assert isinstance(self.history, Noted)
        return self.history

    def remember(self, key: str, text: str, term: int) -> None:
        self.written += 1
        if term >= self.memos.get(key, (0, ""))[0]:
            self.memos[key] = (term, text)

    def recall(self, key: str) -> str | None:
        return self.memos[key][1] if key in self.memos else None


SETTINGS = read_settings(ENVIRON)


def scaled(timetable: Timetable | None, dry_run: bool = False) -> ScaleSettings:
    address = HerokuAddress("my-app", "web", "not-a-key")
    return ScaleSettings(address, timetable, Rules(), None, 15, dry_run)


class Scene:
    """A scaling duty whose target answers each probe with `next`, then with `answer`."""

    def __init__(
        self,
        quantity: int = 1,
        timetable: str | None = "00:00=1",
        probed: bool = True,
        dry_run: bool = False,
    ) -> None:
        self.target = FakeTarget(quantity)
        self.answer = GOOD
        self.next: list[Probe] = []
        self.probes = 0
        self.wall = at("2026-06-10T12:00Z")
        self.term = 7
        self.notes = Notes()
        self.alerts: list[Alert] = []
        self.alerted_at: list[float] = []
        self.line_works = True
        self._log = io.StringIO()
        self.scaling = Scaling(
            scaled(parse_timetable(timetable, "UTC") if timetable else None, dry_run),
            self.target,
            Context(SETTINGS, Clock(), Log("a", self._log), self.notes, self._alert),
            self._probe if probed else tuple,
            lambda: "" if self.line_works else "no witness answers",
        )

    def _alert(self, alert: Alert) -> None:
        self.alerts.append(alert)
        self.alerted_at.append(self.wall)

    def _probe(self) -> Sequence[Probe]:
        first = self._one()
        return (first,) if first.status == 200 and first.elapsed_s < 5 else (first, self._one())

    def _one(self) -> Probe:
        self.probes += 1
        return self.next.pop(0) if self.next else self.answer

    def hand_over(self) -> None:
        """The other twin takes the duty, with the pair's notes alone."""
        self.term += 1

    def step(self, times: int = 1) -> list[str]:
        """The lines that these steps log, without those about probes and outages."""
        left_out = ("event=probe.", "event=outage.")
        return [line for line in self.lines(times) if not any(word in line for word in left_out)]

    def lines(self, times: int = 1) -> list[str]:
        said = self._log.tell()
        for _ in range(times):
            with contextlib.suppress(AlreadyTold):
                self.scaling.step(self.wall, self.term)
            self.wall += EVERY_S
        return self._log.getvalue()[said:].splitlines()

    def kinds(self, times: int = 1) -> list[Kind]:
        """The alerts of these steps."""
        before = len(self.alerts)
        self.lines(times)
        return [kind_of(alert) for alert in self.alerts[before:]]


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_timetable_missed_at_0700_is_applied_at_0730() -> None:
    scene = Scene(quantity=1, timetable="07:00=3 22:00=2 03:00=1")
    scene.wall = at("2026-06-10T07:30Z")
    assert scene.step() == [
        "at=info event=scale.changed twin=a target=my-app/web from=1 to=3 "
        'because="the timetable says 3"'
    ]
    assert scene.target.quantity == 3


def test_a_timetable_with_three_entries_makes_three_changes_a_day() -> None:
    scene = Scene(quantity=2, timetable="07:00=3 22:00=2 03:00=1")
    scene.wall = at("2026-06-10T00:00Z")
    changes = scene.step(times=24 * 240)
    assert [line.split(" from=")[1][:8] for line in changes] == ["2 to=1 b", "1 to=3 b", "3 to=2 b"]


def test_a_failed_connection_scales_out() -> None:
    scene = Scene(quantity=1)
    scene.answer = Probe(None, 0.1, "no connection: Connection refused")
    (line,) = scene.step()
    assert scene.target.quantity == 3
    assert "a second probe also failed (no connection: Connection refused): scale out" in line


def test_a_slow_answer_scales_out() -> None:
    scene = Scene(quantity=1)
    scene.answer = Probe(200, 6.2)
    scene.step()
    assert scene.target.quantity == 3


def test_a_bad_answer_is_confirmed_at_once_and_a_good_one_is_not() -> None:
    scene = Scene()
    scene.step()
    assert scene.probes == 1
    scene.next = [BAD, GOOD]
    scene.step()
    assert scene.probes == 3
    assert scene.target.quantity == 1


def test_a_change_of_verdict_is_logged_once() -> None:
    scene = Scene(quantity=3, timetable="00:00=3")
    assert scene.lines(times=3) == [
        "at=info event=probe.changed twin=a target=my-app/web was=unknown now=healthy "
        'because="200 after 0.1 s"'
    ]
    scene.answer = BAD
    assert scene.lines(times=3) == [
        "at=info event=probe.changed twin=a target=my-app/web was=healthy now=failing "
        'because="503 after 0.1 s"',
        "at=warning event=outage.began twin=a target=my-app/web "
        'because="a second probe also failed (503 after 0.1 s): already at 3"',
    ]


def test_at_level_zero_the_target_is_neither_probed_nor_down() -> None:
    scene = Scene(quantity=2, timetable="00:00=0")
    scene.answer = BAD
    assert len(scene.step(times=10)) == 1
    assert scene.target.quantity == 0
    assert scene.probes == 0


def test_at_level_zero_the_verdict_becomes_unknown() -> None:
    scene = Scene(quantity=1, timetable="00:00=1 13:00=0")
    scene.step()
    scene.wall = at("2026-06-10T13:00Z")
    assert 'was=healthy now=unknown because="not probed"' in scene.lines()[0]


def test_without_a_probe_url_the_timetable_works_alone() -> None:
    scene = Scene(quantity=3, timetable="00:00=2", probed=False)
    scene.step()
    assert scene.target.quantity == 2


def test_without_a_timetable_the_fail_safe_works_alone() -> None:
    scene = Scene(quantity=2, timetable=None)
    assert scene.step(times=5) == []
    scene.answer = BAD
    scene.step()
    assert scene.target.quantity == 3
    scene.answer = GOOD
    scene.step(times=45)
    assert scene.target.quantity == 2


def test_a_quantity_other_than_asked_for_is_logged_with_its_reason() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.target.ceiling = 2
    changed, failed = scene.step()
    assert " from=1 to=2 " in changed
    assert 'because="something keeps it"' in failed
    assert scene.kinds(times=20) == []


def test_a_change_accepted_but_not_made_is_reported() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.target.ceiling = 1
    assert scene.step(times=20) == [
        'at=warning event=scale.failed twin=a target=my-app/web because="something keeps it" '
        'plan="the timetable says 3"'
    ]
    assert scene.notes.noted.decisions == []
    assert scene.kinds(times=40) == [Kind.TROUBLE]
    assert done(scene.alerts[0]) == "it could not be scaled from 1 to 3: something keeps it"


def test_an_unreadable_quantity_is_not_changed_even_in_an_outage() -> None:
    scene = Scene(quantity=1)
    scene.target.unreadable = WAKING
    scene.answer = BAD
    (line,) = scene.step()
    assert scene.target.quantity == 1
    assert line == (
        "at=warning event=scale.failed twin=a target=my-app/web "
        'because="the API is waking" plan="the quantity could not be read: keep it, '
        'though a second probe also failed (503 after 0.1 s)"'
    )


def test_an_error_that_does_not_heal_has_the_level_error() -> None:
    scene = Scene()
    scene.target.unreadable = NO_KEY
    assert scene.step()[0].startswith("at=error event=scale.failed")


def test_an_error_is_logged_once_and_again_when_it_changes() -> None:
    scene = Scene()
    scene.target.unreadable = WAKING
    assert len(scene.step(times=20)) == 1
    scene.target.unreadable = NO_KEY
    assert len(scene.step(times=20)) == 1


def test_a_lasting_error_is_logged_every_hour() -> None:
    scene = Scene()
    scene.target.unreadable = WAKING
    assert len(scene.step(times=3 * 240)) == 3


def test_a_successful_read_does_not_end_an_error_of_writing() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.target.unwritable = NO_KEY
    assert len(scene.step(times=20)) == 1


def test_after_an_error_the_change_is_made_and_the_end_is_logged() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.target.unwritable = WAKING
    scene.step(times=2)
    scene.target.unwritable = None
    changed, recovered = scene.step(times=20)
    assert "event=scale.changed" in changed
    assert recovered == (
        "at=info event=scale.recovered twin=a target=my-app/web since=2026-06-10T12:00:00Z"
    )


def test_the_same_error_after_a_recovery_is_logged_again() -> None:
    scene = Scene()
    for _ in range(2):
        scene.target.unreadable = WAKING
        assert len(scene.step()) == 1
        scene.target.unreadable = None
        assert len(scene.step()) == 1


def test_a_clock_set_back_does_not_silence_an_error() -> None:
    scene = Scene()
    scene.target.unreadable = WAKING
    scene.step()
    scene.wall -= 7200
    assert len(scene.step(times=20)) == 1


def test_a_heroku_app_is_scaled_once_its_api_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """The duty with the real adapter: the API first hangs, then breaks off."""
    quantities = {"clock": 3, "web": 1}
    troubles: list[Exception] = [httpx.ReadTimeout("hangs"), httpx.ConnectError("down")]

    def api(request: httpx.Request) -> httpx.Response:
        if troubles:
            raise troubles.pop(0)
        if request.method == "PATCH":
            quantities["web"] = 3
        return httpx.Response(200, json={"type": "web", "quantity": quantities["web"]})

    transport = Wire(api)
    target = HerokuTarget(HerokuAddress("my-app", "web", "not-a-key"), transport)
    notes = Notes()
    context = Context(SETTINGS, Clock(), Log("a"), notes, lambda _: None)
    scaling = Scaling(scaled(daily(1)), target, context, lambda: (BAD, BAD))
    for step in range(5):
        with contextlib.suppress(AlreadyTold):
            scaling.step(1_000_000 + EVERY_S * step, term=1)
    events = [line.split()[1] for line in capsys.readouterr().out.splitlines()]
    assert quantities == {"clock": 3, "web": 3}
    assert events == [
        "event=probe.changed",
        "event=outage.began",
        *["event=scale.failed"] * 2,
        "event=scale.changed",
        "event=scale.recovered",
    ]


def daily(quantity: int) -> Timetable:
    return parse_timetable(f"00:00={quantity}", "UTC")


def test_a_step_that_could_not_scale_fails() -> None:
    """The ledger and the exit status of `run` say so; the log already has, once."""
    scene = Scene()
    scene.target.unreadable = WAKING
    with pytest.raises(AlreadyTold):
        scene.scaling.step(scene.wall, term=1)


# ---- handovers


def test_a_handover_in_an_outage_repeats_no_alert_and_scales_back_later() -> None:
    scene = Scene(quantity=1, timetable=None)
    scene.answer = BAD
    assert scene.kinds(times=8) == [Kind.OUTAGE]
    scene.hand_over()
    assert scene.kinds(times=8) == []
    scene.answer = GOOD
    assert scene.kinds(times=5) == [Kind.RECOVERY]
    scene.step(times=80)
    assert scene.target.quantity == 1


def test_a_handover_does_not_restart_the_window() -> None:
    scene = Scene(quantity=1)
    scene.answer = BAD
    scene.step()
    scene.answer = GOOD
    scene.step(times=30)
    scene.hand_over()
    assert scene.step(times=10) == []
    assert "one in, towards 1" in scene.step()[0]


def test_a_handover_keeps_a_manual_quantity_for_its_time() -> None:
    scene = Scene(quantity=1)
    scene.step(times=45)
    scene.target.quantity = 2
    assert scene.kinds() == [Kind.BY_HAND]
    scene.step(times=29)
    scene.hand_over()
    assert scene.kinds(times=29) == []
    assert scene.target.quantity == 2
    scene.step(times=2)
    assert scene.target.quantity == 1


def test_a_change_by_a_twin_that_then_died_is_not_taken_for_manual() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.step(times=0)
    scene.target.dies_after_writing = True
    with pytest.raises(Died):
        scene.scaling.step(scene.wall, scene.term)
    scene.hand_over()
    assert scene.kinds() == []


MEDIUM = Probe(200, 2.0)
EVENTS = st.sampled_from(
    [
        *((None, "answer", answer) for answer in (GOOD, GOOD, MEDIUM, BAD, REFUSED)),
        *(("target", "quantity", quantity) for quantity in (0, 1, 2, 5)),
        *(("target", "unreadable", error) for error in (None, WAKING, NO_KEY)),
        *(("target", "unwritable", error) for error in (None, WAKING, NO_KEY)),
        *((None, "line_works", works) for works in (True, False)),
    ]
)
STORIES = st.lists(st.tuples(EVENTS, st.integers(1, 60), st.booleans()), max_size=20)


def outcome_of(story: list[tuple[Any, int, bool]], hands_over: bool) -> tuple[Any, ...]:
    """The decisions, looks, alerts and last quantity of a story: events, each for some steps."""
    scene = Scene(quantity=2, timetable="00:00=2 13:00=3 14:00=1 15:00=0 16:00=2")
    for (part, name, value), steps, handover in story:
        setattr(getattr(scene, part) if part else scene, name, value)
        scene.lines(steps)
        if handover and hands_over:
            scene.hand_over()
    alerts = list(zip(scene.alerted_at, scene.alerts, strict=True))
    return scene.notes.noted.decisions, scene.notes.noted.looks, alerts, scene.target.quantity


@settings(max_examples=20, deadline=None)
@given(STORIES)
def test_handovers_do_not_change_the_outcome(story: list[tuple[Any, int, bool]]) -> None:
    assert outcome_of(story, hands_over=True) == outcome_of(story, hands_over=False)


@settings(max_examples=20, deadline=None)
@given(STORIES)
def test_each_outage_alerts_once_and_reminders_are_an_hour_apart(
    story: list[tuple[Any, int, bool]],
) -> None:
    _, _, alerts, _ = outcome_of(story, hands_over=True)
    kinds = [(at, alert, kind_of(alert)) for at, alert in alerts]
    outages = [alert.body.partition("\n")[0] for _, alert, kind in kinds if kind is Kind.OUTAGE]
    assert len(set(outages)) == len(outages)
    down = [at for at, _, kind in kinds if kind in (Kind.OUTAGE, Kind.REMINDER)]
    for now in (at for at, _, kind in kinds if kind is Kind.REMINDER):
        assert now - max(at for at in down if at < now) >= 3600


@settings(max_examples=20, deadline=None)
@given(STORIES)
def test_scaling_in_after_an_outage_goes_by_one_a_window(
    story: list[tuple[Any, int, bool]],
) -> None:
    decisions, _, _, _ = outcome_of(story, hands_over=True)
    ins = [decision for decision in decisions if "one in" in decision.because]
    for one in ins:
        assert one.to == one.was - 1
        before = [other.at for other in decisions if other.to < other.was and other.at < one.at]
        assert all(one.at - at >= 600 for at in before if at in {other.at for other in ins})


def test_a_twin_that_loses_the_duty_in_a_step_neither_scales_nor_alerts() -> None:
    scene = Scene(quantity=1)
    scene.step()
    scene.answer = BAD
    scene.notes.remember("scale my-app/web", "{}", scene.term + 1)
    assert scene.kinds() == []
    assert scene.target.quantity == 1


def test_a_twin_that_freezes_in_a_step_neither_scales_nor_alerts() -> None:
    """Its target seems slow, and the other twin may have the duty without having written a memo."""
    scene = Scene(quantity=1)
    scene.step()

    def frozen() -> Sequence[Probe]:
        scene.notes.freeze_count += 1
        return Probe(None, 12.0, "no answer in 5 s", hangs=True), Probe(200, 11.0)

    scene.scaling = replace(scene.scaling, probe=frozen)
    assert scene.lines() == []
    assert scene.alerts == []
    assert scene.target.quantity == 1


def test_a_memo_of_another_release_is_ignored() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.notes.remember("scale my-app/web", '{"shoe_size": 44}', scene.term)
    scene.step()
    assert scene.target.quantity == 3


def test_an_unchanged_memo_is_written_every_five_minutes() -> None:
    scene = Scene(quantity=1)
    scene.step(times=3)
    written = scene.notes.written
    scene.step(times=60)
    assert scene.notes.written - written == 3


# ---- alerts


def test_an_outage_alerts_at_its_beginning_each_hour_and_at_its_end() -> None:
    scene = Scene(quantity=1)
    scene.step(times=10)
    scene.answer = BAD
    assert scene.kinds(times=240) == [Kind.OUTAGE]
    assert scene.kinds(times=480) == [Kind.REMINDER] * 2
    scene.answer = GOOD
    assert scene.kinds(times=240) == [Kind.RECOVERY]


def test_an_outage_alert_says_since_when_why_and_what_was_done() -> None:
    scene = Scene(quantity=1)
    scene.answer = BAD
    scene.step()
    scene.answer = GOOD
    scene.step(times=20)
    outage, recovery = scene.alerts
    assert outage.body == (
        "my-app/web has been down since 2026-06-10 12:00:00 UTC.\n"
        "Why: 503 after 0.1 s.\nDone: scaled from 1 to 3."
    )
    assert recovery.body.splitlines()[:2] == [
        "my-app/web has been up again since 2026-06-10 12:01:15 UTC. It was down since "
        "2026-06-10 12:00:00 UTC, for 1m15s.",
        "Why: 200 after 0.1 s.",
    ]


def test_an_outage_alert_says_why_the_target_could_not_be_scaled() -> None:
    scene = Scene(quantity=1)
    scene.target.unwritable = NO_KEY
    scene.answer = BAD
    assert scene.kinds() == [Kind.OUTAGE, Kind.TROUBLE]
    assert done(scene.alerts[0]) == "it could not be scaled from 1 to 3: the key is wrong"
    assert why(scene.alerts[1]) == "the key is wrong"


def test_an_outage_alerts_even_if_the_quantity_is_unreadable() -> None:
    scene = Scene(quantity=1)
    scene.target.unreadable = WAKING
    scene.answer = BAD
    assert scene.kinds() == [Kind.OUTAGE]
    assert done(scene.alerts[0]) == (
        "nothing, since the quantity could not be read: the API is waking"
    )


def test_trouble_that_does_not_heal_alerts_at_once_and_hourly() -> None:
    scene = Scene(quantity=1)
    scene.target.unreadable = NO_KEY
    assert scene.kinds(times=240) == [Kind.TROUBLE]
    scene.target.unreadable = TargetError("not paid for", heals=False)
    assert scene.kinds(times=240) == [Kind.TROUBLE]
    scene.target.unreadable = None
    assert scene.kinds() == [Kind.RELIEF]
    scene.target.unreadable = NO_KEY
    assert scene.kinds(times=10) == [Kind.TROUBLE]


def test_trouble_that_heals_within_ten_minutes_sends_no_alert() -> None:
    scene = Scene(quantity=1)
    scene.target.unreadable = WAKING
    assert scene.kinds(times=40) == []
    scene.target.unreadable = None
    assert scene.kinds(times=10) == []


def test_a_platform_outage_alerts_after_ten_minutes_hourly_and_at_its_end() -> None:
    scene = Scene(quantity=1)
    scene.target.unreadable = WAKING
    assert scene.kinds(times=41) == [Kind.TROUBLE]
    scene.hand_over()
    assert scene.kinds(times=3 * 240) == [Kind.TROUBLE] * 3
    scene.target.unreadable = None
    assert scene.kinds(times=10) == [Kind.RELIEF]
    trouble, relief = scene.alerts[0], scene.alerts[-1]
    assert "since 2026-06-10 12:00:00 UTC" in trouble.body
    assert why(trouble) == "the API is waking"
    assert "since 2026-06-10 12:00:00 UTC" in relief.body
    assert why(relief) == "this is over: the API is waking"


def test_a_manual_change_is_logged_and_alerted() -> None:
    scene = Scene(quantity=1)
    scene.step()
    scene.target.quantity = 2
    assert scene.step() == [
        "at=info event=scale.by_hand twin=a target=my-app/web from=1 to=2 "
        "until=2026-06-10T12:15:15Z"
    ]
    (alert,) = scene.alerts
    assert (kind_of(alert), why(alert)) == (Kind.BY_HAND, "it was 1, and is 2")
    assert done(alert) == "nothing: somebody set it to 2, which stands until 2026-06-10T12:15:15Z"


def test_a_target_switched_off_in_an_outage_has_not_recovered() -> None:
    scene = Scene(quantity=1, timetable="00:00=1 12:05=0")
    scene.answer = BAD
    assert scene.kinds(times=40) == [Kind.OUTAGE]


# ---- whose fault an outage is


def test_an_unreachable_target_is_not_down_if_nothing_else_is_reachable() -> None:
    scene = Scene(quantity=1)
    scene.step()
    scene.answer, scene.line_works = REFUSED, False
    scene.target.unreadable = WAKING
    assert scene.kinds(times=20) == []
    assert scene.notes.noted.looks[-1].verdict == "unknown"


def test_an_unreachable_target_without_a_witness_is_reported() -> None:
    """A Docker engine on our own machine is no witness."""
    scene = Scene(quantity=1)
    scene.answer = REFUSED
    shop = replace(scene.scaling.settings, target=DockerAddress("shop"))
    doubt = "nobody else can be asked"
    scene.scaling = replace(scene.scaling, settings=shop, line_doubt=lambda: doubt)
    (line,) = scene.step(times=40)
    text = (
        "it cannot be reached (no connection: Connection refused), and perhaps nothing can: "
        "nobody else can be asked"
    )
    assert f'event=scale.failed twin=a target=docker:shop because="{text}"' in line
    assert scene.kinds(times=10) == [Kind.TROUBLE]
    assert why(scene.alerts[0]) == text
    assert scene.target.quantity == 1


def test_an_unreachable_target_is_down_if_its_platform_answers() -> None:
    scene = Scene(quantity=1)
    scene.answer, scene.line_works = REFUSED, False
    assert scene.kinds() == [Kind.OUTAGE]
    assert scene.target.quantity == 3


def test_the_quantity_is_read_while_a_target_hangs() -> None:
    scene = Scene(quantity=1)
    read_meanwhile = scene.target.was_read.wait
    scene.scaling = replace(scene.scaling, probe=lambda: (GOOD,) if read_meanwhile(5) else ())
    scene.step()
    assert scene.notes.noted.looks[-1].verdict == "healthy"


# ---- dry runs


def test_a_dry_run_logs_and_records_its_decision_but_does_not_scale() -> None:
    scene = Scene(quantity=1, timetable="00:00=2", dry_run=True)
    assert scene.step(times=10) == [
        "at=info event=scale.would_change twin=a target=my-app/web from=1 to=2 "
        'because="the timetable says 2"'
    ]
    assert scene.target.quantity == 1
    because = "a dry run, else: the timetable says 2"
    assert scene.notes.noted.decisions == [Decision(int(at("2026-06-10T12:00Z")), 1, 2, because)]


def test_a_dry_run_alerts_with_what_it_would_do() -> None:
    scene = Scene(quantity=1, dry_run=True)
    scene.answer = BAD
    assert scene.kinds(times=10) == [Kind.OUTAGE]
    assert done(scene.alerts[0]) == (
        "nothing, as this is a dry run: it would be scaled from 1 to 3"
    )


# ---- the history


def test_each_step_records_a_look() -> None:
    scene = Scene(quantity=2, timetable="00:00=2")
    scene.next = [Probe(200, 6.2), Probe(503, 0.2)]
    scene.step()
    wall = int(at("2026-06-10T12:00Z"))
    assert scene.notes.noted.looks == [Look(wall // 60, 6200, "failing", wall, 2, 2)]


def test_unknown_quantities_are_recorded_as_minus_one() -> None:
    scene = Scene(quantity=2, timetable=None)
    scene.target.unreadable = WAKING
    scene.answer = REFUSED
    scene.step()
    (look,) = scene.notes.noted.looks
    assert (look.latency_ms, look.quantity, look.baseline) == (0, -1, -1)


def test_each_change_is_recorded_with_its_reason() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.step(times=3)
    wall = int(at("2026-06-10T12:00Z"))
    assert scene.notes.noted.decisions == [Decision(wall, 1, 3, "the timetable says 3")]


# ---- deploys, and the limits of a platform


def test_a_deploy_under_way_delays_scaling_and_alerts_if_it_lasts() -> None:
    scene = Scene(quantity=1)
    scene.answer = BAD
    scene.target.under_way = "a change of it is under way"
    (line,) = scene.step(times=40)
    assert 'because="a change of it is under way, which is waited for"' in line
    assert scene.target.quantity == 1
    assert scene.kinds(times=10) == [Kind.TROUBLE]
    scene.target.under_way = ""
    assert scene.kinds() == [Kind.RELIEF]
    assert scene.target.quantity == 3


def test_a_quantity_reset_by_a_deploy_is_restored_without_an_alert() -> None:
    scene = Scene(quantity=3, timetable="00:00=3")
    scene.target.template = "first"
    scene.step()
    scene.target.template, scene.target.quantity = "second", 1
    assert scene.step() == [
        "at=info event=target.deployed twin=a target=my-app/web from=3 to=1",
        "at=info event=scale.changed twin=a target=my-app/web from=1 to=3 "
        'because="the timetable says 3"',
    ]
    assert scene.alerts == []


def test_a_refusal_with_a_limit_scales_to_the_limit_in_the_same_step() -> None:
    scene = Scene(quantity=1)
    scene.target.limit = 2
    scene.answer = BAD
    changed, failed = scene.step()
    because = "scale out to 3, but the platform allows no more than 2"
    assert " from=1 to=2 " in changed
    assert because in changed
    assert 'because="no more than 2"' in failed
    assert [kind_of(alert) for alert in scene.alerts] == [Kind.OUTAGE, Kind.TROUBLE]
    assert {done(alert) for alert in scene.alerts} == {"scaled from 1 to 2"}
    assert scene.step(times=200) == []
    scene.answer = GOOD
    assert scene.kinds(times=10) == [Kind.RELIEF, Kind.RECOVERY]


def test_a_known_limit_is_not_tried_at_each_step() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.target.limit = 1
    assert scene.kinds(times=200) == [Kind.TROUBLE]
    assert done(scene.alerts[0]) == (
        "nothing: the timetable says 3, but the platform allows no more than 1"
    )
    scene.target.limit = 2
    scene.step(times=41)
    assert scene.target.quantity == 2


def test_a_twin_that_loses_the_duty_at_a_refusal_does_not_scale() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.step(times=0)

    def lost(quantity: int) -> int:
        scene.notes.remember("scale my-app/web", "{}", scene.term + 1)
        raise TargetError("no more than 2", heals=False, limit=quantity - 1)

    scene.target.write = lost  # type: ignore[method-assign]
    scene.step()
    assert scene.target.quantity == 1


@pytest.mark.parametrize(("closed", "stands"), [(True, 1), (False, 3), (WAKING, 3)])
def test_maintenance_mode_does_not_scale_and_is_named_in_the_alert(
    closed: bool | TargetError, stands: int
) -> None:
    scene = Scene(quantity=1)
    scene.target.closed = closed
    scene.answer = BAD
    assert scene.kinds(times=10) == [Kind.OUTAGE]
    assert scene.target.quantity == stands
    is_said = "maintenance mode" in why(scene.alerts[0])
    assert is_said is (closed is True)


def test_a_manual_quantity_in_a_memo_is_capped_at_the_maximum() -> None:
    scene = Scene(quantity=1)
    until = scene.wall + 600
    memo = {"quantity": 1, "hand": 900, "wanted": 900, "respected_until": until}
    scene.notes.remember("scale my-app/web", json.dumps(memo), scene.term)
    scene.step(times=20)
    assert scene.target.quantity == 3


def test_the_history_records_the_timetable_beside_a_manual_quantity() -> None:
    scene = Scene(quantity=2, timetable="00:00=2")
    scene.step()
    scene.target.quantity = 5
    scene.step()
    look = scene.notes.noted.looks[-1]
    assert (look.quantity, look.baseline) == (5, 2)
