"""The scaling duty, step by step: a target that can refuse, answers as they come, the pair's notes,
what people are told, and the log."""

import contextlib
import io
import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.core.alert import Kind, News
from twin.core.pair.history import Decision, Look, Record
from twin.core.scaling.observation import Rules
from twin.core.scaling.target import Reading, TargetError
from twin.core.scaling.timetable import Timetable, parse_timetable
from twin.core.scaling.verdict import Probe
from twin.log import Log
from twin.scaling.duty import Scaling
from twin.scaling.platforms.heroku import HerokuTarget
from twin.scaling.report import Report

GOOD = Probe(200, 0.1)
BAD = Probe(503, 0.1)
REFUSED = Probe(None, 0.1, "no connection: Connection refused")
EVERY_S = 15.0
WAKING = TargetError("the API is waking", heals=True)
NO_KEY = TargetError("the key is wrong", heals=False)
NAME = "my-app/web"


class Died(Exception):  # noqa: N818 (not an error of anybody)
    """The twin did, where this is raised."""


class FakeTarget:
    """A quantity, and the errors that stand in its way."""

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


class Notes:
    """What the pair keeps; the word of the higher term counts."""

    def __init__(self) -> None:
        self.memos: dict[str, tuple[int, str]] = {}
        self.written = 0
        self.looks: list[Look] = []
        self.decisions: list[Decision] = []

    def remember(self, key: str, text: str, term: int) -> None:
        self.written += 1
        if term >= self.memos.get(key, (0, ""))[0]:
            self.memos[key] = (term, text)

    def recall(self, key: str) -> str | None:
        return self.memos[key][1] if key in self.memos else None

    def record(self, record: Record) -> None:
        self.looks += record.looks.get(NAME, ())
        self.decisions += record.decisions.get(NAME, ())


class Scene:
    """A scaling duty in front of a target that answers each probe as the test says."""

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
        self.told: list[News] = []
        self.line_works = True
        self.freezes = 0
        self._log = io.StringIO()
        self.scaling = Scaling(
            target=self.target,
            probe=self._probe if probed else None,
            line_doubt=lambda read: "" if read or self.line_works else "nobody answers",
            freezes=lambda: self.freezes,
            timetable=parse_timetable(timetable, "UTC") if timetable else None,
            rules=Rules(),
            dry_run=dry_run,
            notebook=self.notes,
            report=Report("a", NAME, self.notes, self.told.append, Log("a", self._log)),
        )

    def _probe(self) -> Sequence[Probe]:
        first = self._one()
        return (first,) if first.status == 200 and first.elapsed_s < 5 else (first, self._one())

    def _one(self) -> Probe:
        self.probes += 1
        return self.next.pop(0) if self.next else self.answer

    def hand_over(self) -> None:
        """The other twin goes on, and knows nothing but what the pair has kept."""
        self.term += 1
        report = replace(self.scaling.report, twin="b")
        self.scaling = replace(self.scaling, report=report)

    def step(self, times: int = 1) -> list[str]:
        """What these steps log, without the lines on what was seen."""
        seen = ("event=probe.", "event=outage.")
        return [line for line in self.all_of(times) if not any(word in line for word in seen)]

    def all_of(self, times: int = 1) -> list[str]:
        said = self._log.tell()
        for _ in range(times):
            with contextlib.suppress(TargetError):
                self.scaling.step(self.wall, self.term)
            self.wall += EVERY_S
        return self._log.getvalue()[said:].splitlines()

    def kinds(self, times: int = 1) -> list[Kind]:
        """What people are told of in these steps."""
        told = len(self.told)
        self.all_of(times)
        return [news.kind for news in self.told[told:]]


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


def test_a_day_of_the_timetable_makes_its_three_changes() -> None:
    scene = Scene(quantity=2, timetable="07:00=3 22:00=2 03:00=1")
    scene.wall = at("2026-06-10T00:00Z")
    changes = scene.step(times=24 * 240)
    assert [line.split(" from=")[1][:8] for line in changes] == ["2 to=1 b", "1 to=3 b", "3 to=2 b"]


def test_a_failed_connection_scales_out_instead_of_raising() -> None:
    scene = Scene(quantity=1)
    scene.answer = Probe(None, 0.1, "no connection: Connection refused")
    (line,) = scene.step()
    assert scene.target.quantity == 3
    assert "a second probe also failed (no connection: Connection refused): scale out" in line


def test_slowness_of_over_one_second_triggers() -> None:
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
    assert scene.all_of(times=3) == [
        "at=info event=probe.changed twin=a target=my-app/web was=unknown now=healthy "
        'because="200 after 0.1 s"'
    ]
    scene.answer = BAD
    assert scene.all_of(times=3) == [
        "at=info event=probe.changed twin=a target=my-app/web was=healthy now=failing "
        'because="503 after 0.1 s"',
        "at=warning event=outage.began twin=a target=my-app/web "
        'because="a second probe also failed (503 after 0.1 s): already at 3"',
    ]


def test_at_level_zero_the_target_is_neither_called_nor_taken_for_down() -> None:
    scene = Scene(quantity=2, timetable="00:00=0")
    scene.answer = BAD
    assert len(scene.step(times=10)) == 1
    assert scene.target.quantity == 0
    assert scene.probes == 0


def test_a_target_that_goes_to_level_zero_is_no_longer_known_to_be_healthy() -> None:
    scene = Scene(quantity=1, timetable="00:00=1 13:00=0")
    scene.step()
    scene.wall = at("2026-06-10T13:00Z")
    assert 'was=healthy now=unknown because="not probed"' in scene.all_of()[0]


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


def test_the_log_tells_the_quantity_that_the_platform_states_and_that_it_was_not_asked_for() -> (
    None
):
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.target.ceiling = 2
    changed, failed = scene.step()
    assert " from=1 to=2 " in changed
    assert 'because="something keeps it"' in failed
    assert scene.kinds(times=20) == []


def test_what_the_platform_accepted_and_did_not_do_is_no_change_but_a_trouble() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.target.ceiling = 1
    assert scene.step(times=20) == [
        'at=warning event=scale.failed twin=a target=my-app/web because="something keeps it" '
        'plan="the timetable says 3"'
    ]
    assert scene.notes.decisions == []
    assert scene.kinds(times=40) == [Kind.TROUBLE]
    assert scene.told[0].done == "it could not be scaled from 1 to 3: something keeps it"


def test_an_unreadable_quantity_is_left_alone_even_in_an_outage() -> None:
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


def test_an_error_that_does_not_heal_by_itself_is_logged_as_one() -> None:
    scene = Scene()
    scene.target.unreadable = NO_KEY
    assert scene.step()[0].startswith("at=error event=scale.failed")


def test_an_error_is_logged_once_and_again_when_it_changes() -> None:
    scene = Scene()
    scene.target.unreadable = WAKING
    assert len(scene.step(times=20)) == 1
    scene.target.unreadable = NO_KEY
    assert len(scene.step(times=20)) == 1


def test_an_error_that_lasts_is_logged_again_every_hour() -> None:
    scene = Scene()
    scene.target.unreadable = WAKING
    assert len(scene.step(times=3 * 240)) == 3


def test_an_error_of_writing_is_not_ended_by_reading() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.target.unwritable = NO_KEY
    assert len(scene.step(times=20)) == 1


def test_the_end_of_an_error_is_logged_and_what_was_wanted_is_done() -> None:
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


def test_a_clock_that_is_set_back_does_not_silence_an_error_for_hours() -> None:
    scene = Scene()
    scene.target.unreadable = WAKING
    scene.step()
    scene.wall -= 7200
    assert len(scene.step(times=20)) == 1


def test_a_heroku_app_is_scaled_whatever_its_api_does(capsys: pytest.CaptureFixture[str]) -> None:
    """The duty with the real adapter: the API first hangs, then breaks off."""
    quantities = {"clock": 3, "web": 1}
    troubles: list[Exception] = [httpx.ReadTimeout("hangs"), httpx.ConnectError("down")]

    def api(request: httpx.Request) -> httpx.Response:
        if troubles:
            raise troubles.pop(0)
        if request.method == "PATCH":
            quantities["web"] = 3
        return httpx.Response(200, json={"type": "web", "quantity": quantities["web"]})

    transport = httpx.MockTransport(api)
    target = HerokuTarget("my-app", "web", "https://api.test", "not-a-key", transport)
    notes = Notes()
    told: list[News] = []
    report = Report("a", NAME, notes, told.append, Log("a"))
    scaling = Scaling(
        target, lambda: (BAD, BAD), lambda _: "", lambda: 0, daily(1), Rules(), False, notes, report
    )
    for step in range(5):
        with contextlib.suppress(TargetError):
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


def test_a_step_that_could_not_do_its_work_has_failed() -> None:
    """The ledger and the exit status of `run` say so; the log already has, once."""
    scene = Scene()
    scene.target.unreadable = WAKING
    with pytest.raises(TargetError):
        scene.scaling.step(scene.wall, term=1)


# From one twin to the other


def test_a_handover_in_an_outage_tells_nobody_twice_and_comes_back_to_before() -> None:
    scene = Scene(quantity=1, timetable=None)
    scene.answer = BAD
    assert scene.kinds(times=8) == [Kind.OUTAGE]
    scene.hand_over()
    assert scene.kinds(times=8) == []
    scene.answer = GOOD
    assert scene.kinds(times=5) == [Kind.RECOVERY]
    scene.step(times=80)
    assert scene.target.quantity == 1


def test_a_handover_in_a_window_does_not_begin_it_anew() -> None:
    scene = Scene(quantity=1)
    scene.answer = BAD
    scene.step()
    scene.answer = GOOD
    scene.step(times=30)
    scene.hand_over()
    assert scene.step(times=10) == []
    assert "one in, towards 1" in scene.step()[0]


def test_a_handover_while_something_set_by_hand_is_respected_changes_nothing() -> None:
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


def test_a_twin_that_ended_between_deciding_and_scaling_is_not_taken_for_somebody() -> None:
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


def told_of(story: list[tuple[Any, int, bool]], hands_over: bool) -> tuple[Any, ...]:
    """What was decided, seen, told and left in a story of what happens, and for how many steps."""
    scene = Scene(quantity=2, timetable="00:00=2 13:00=3 14:00=1 15:00=0 16:00=2")
    for (part, name, value), steps, handover in story:
        setattr(getattr(scene, part) if part else scene, name, value)
        scene.all_of(steps)
        if handover and hands_over:
            scene.hand_over()
    told = [replace(news, twin="") for news in scene.told]
    return scene.notes.decisions, scene.notes.looks, told, scene.target.quantity


@settings(max_examples=20, deadline=None)
@given(STORIES)
def test_a_story_goes_the_same_however_often_the_duty_changes_hands(
    story: list[tuple[Any, int, bool]],
) -> None:
    assert told_of(story, hands_over=True) == told_of(story, hands_over=False)


@settings(max_examples=20, deadline=None)
@given(STORIES)
def test_whatever_happens_each_outage_is_told_once_and_reminders_are_an_hour_apart(
    story: list[tuple[Any, int, bool]],
) -> None:
    _, _, told, _ = told_of(story, hands_over=True)
    outages = [news for news in told if news.kind is Kind.OUTAGE]
    assert len({news.since for news in outages}) == len(outages)
    down = [news.at for news in told if news.kind in (Kind.OUTAGE, Kind.REMINDER)]
    for news in told:
        if news.kind is Kind.REMINDER:
            assert news.at - max(at for at in down if at < news.at) >= 3600


@settings(max_examples=20, deadline=None)
@given(STORIES)
def test_whatever_happens_a_step_in_after_an_outage_comes_at_most_once_a_window(
    story: list[tuple[Any, int, bool]],
) -> None:
    decisions, _, _, _ = told_of(story, hands_over=True)
    ins = [decision for decision in decisions if "one in" in decision.because]
    for one in ins:
        assert one.to == one.was - 1
        before = [other.at for other in decisions if other.to < other.was and other.at < one.at]
        assert all(one.at - at >= 600 for at in before if at in {other.at for other in ins})


def test_who_lost_the_duty_while_it_looked_changes_nothing_and_tells_nobody() -> None:
    scene = Scene(quantity=1)
    scene.step()
    scene.answer = BAD
    scene.notes.remember("scale my-app/web", "{}", scene.term + 1)
    assert scene.kinds() == []
    assert scene.target.quantity == 1


def test_who_stood_still_while_it_looked_changes_nothing_and_tells_nobody() -> None:
    """Its target seemed slow, and the other twin has the duty, and saw nothing worth a memo."""
    scene = Scene(quantity=1)
    scene.step()

    def frozen() -> Sequence[Probe]:
        scene.freezes += 1
        return Probe(None, 12.0, "no answer in 5 s", hangs=True), Probe(200, 11.0)

    scene.scaling = replace(scene.scaling, probe=frozen)
    assert scene.all_of() == []
    assert scene.told == []
    assert scene.target.quantity == 1


def test_a_memo_of_another_release_is_as_none() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.notes.remember("scale my-app/web", '{"shoe_size": 44}', scene.term)
    scene.step()
    assert scene.target.quantity == 3


def test_the_memo_is_written_when_something_changes_and_every_five_minutes() -> None:
    scene = Scene(quantity=1)
    scene.step(times=3)
    written = scene.notes.written
    scene.step(times=60)
    assert scene.notes.written - written == 3


# What people are told


def test_an_outage_is_told_once_reminded_of_each_hour_and_its_end_is_told() -> None:
    scene = Scene(quantity=1)
    scene.step(times=10)
    scene.answer = BAD
    assert scene.kinds(times=240) == [Kind.OUTAGE]
    assert scene.kinds(times=480) == [Kind.REMINDER] * 2
    scene.answer = GOOD
    assert scene.kinds(times=240) == [Kind.RECOVERY]


def test_the_news_of_an_outage_say_since_when_why_and_what_was_done() -> None:
    scene = Scene(quantity=1)
    scene.answer = BAD
    scene.step()
    (news,) = scene.told
    since = at("2026-06-10T12:00Z")
    assert news == News(
        Kind.OUTAGE, NAME, "a", since, since, "503 after 0.1 s", "scaled from 1 to 3"
    )
    scene.answer = GOOD
    scene.step(times=20)
    recovery = scene.told[1]
    assert (recovery.since, recovery.because) == (since, "200 after 0.1 s")


def test_an_outage_that_cannot_be_scaled_is_told_with_what_keeps_it() -> None:
    scene = Scene(quantity=1)
    scene.target.unwritable = NO_KEY
    scene.answer = BAD
    assert scene.kinds() == [Kind.OUTAGE, Kind.TROUBLE]
    assert scene.told[0].done == "it could not be scaled from 1 to 3: the key is wrong"
    assert scene.told[1].because == "the key is wrong"


def test_an_outage_is_told_even_when_the_platform_cannot_be_read() -> None:
    scene = Scene(quantity=1)
    scene.target.unreadable = WAKING
    scene.answer = BAD
    assert scene.kinds() == [Kind.OUTAGE]
    assert scene.told[0].done == (
        "nothing, since the quantity could not be read: the API is waking"
    )


def test_trouble_that_does_not_heal_is_told_once_and_then_hourly() -> None:
    scene = Scene(quantity=1)
    scene.target.unreadable = NO_KEY
    assert scene.kinds(times=240) == [Kind.TROUBLE]
    scene.target.unreadable = TargetError("not paid for", heals=False)
    assert scene.kinds(times=240) == [Kind.TROUBLE]
    scene.target.unreadable = None
    assert scene.kinds() == [Kind.RELIEF]
    scene.target.unreadable = NO_KEY
    assert scene.kinds(times=10) == [Kind.TROUBLE]


def test_trouble_that_heals_within_ten_minutes_is_for_the_log_alone() -> None:
    scene = Scene(quantity=1)
    scene.target.unreadable = WAKING
    assert scene.kinds(times=40) == []
    scene.target.unreadable = None
    assert scene.kinds(times=10) == []


def test_a_platform_that_is_away_for_hours_is_told_after_ten_minutes_hourly_and_at_its_end() -> (
    None
):
    scene = Scene(quantity=1)
    scene.target.unreadable = WAKING
    assert scene.kinds(times=41) == [Kind.TROUBLE]
    scene.hand_over()
    assert scene.kinds(times=3 * 240) == [Kind.TROUBLE] * 3
    scene.target.unreadable = None
    assert scene.kinds(times=10) == [Kind.RELIEF]
    trouble, relief = scene.told[0], scene.told[-1]
    assert (trouble.since, trouble.because) == (at("2026-06-10T12:00Z"), "the API is waking")
    assert (relief.since, relief.because) == (
        at("2026-06-10T12:00Z"),
        "what kept it is over (the API is waking)",
    )


def test_scaling_by_hand_is_logged_and_told() -> None:
    scene = Scene(quantity=1)
    scene.step()
    scene.target.quantity = 2
    assert scene.step() == [
        "at=info event=scale.by_hand twin=a target=my-app/web from=1 to=2 "
        "until=2026-06-10T12:15:15Z"
    ]
    (news,) = scene.told
    assert (news.kind, news.because) == (Kind.BY_HAND, "it was 1, and is 2")
    assert news.done == "nothing: somebody set it to 2, which stands until 2026-06-10T12:15:15Z"


def test_a_target_that_is_switched_off_in_an_outage_has_not_recovered() -> None:
    scene = Scene(quantity=1, timetable="00:00=1 12:05=0")
    scene.answer = BAD
    assert scene.kinds(times=40) == [Kind.OUTAGE]


# Whose fault it is


def test_a_target_that_cannot_be_reached_is_not_blamed_when_nothing_else_can_be_either() -> None:
    scene = Scene(quantity=1)
    scene.step()
    scene.answer, scene.line_works = REFUSED, False
    scene.target.unreadable = WAKING
    assert scene.kinds(times=20) == []
    assert scene.notes.looks[-1].verdict == "unknown"


def test_whether_a_dead_target_is_ours_to_blame_is_not_left_open_in_silence() -> None:
    """An engine of our own machine is no witness: here nobody is."""
    scene = Scene(quantity=1)
    scene.answer = REFUSED
    scene.scaling = replace(scene.scaling, line_doubt=lambda _: "nobody else can be asked")
    (line,) = scene.step(times=40)
    text = (
        "it cannot be reached (no connection: Connection refused), and perhaps nothing can: "
        "nobody else can be asked"
    )
    assert f'event=scale.failed twin=a target=my-app/web because="{text}"' in line
    assert scene.kinds(times=10) == [Kind.TROUBLE]
    assert scene.told[0].because == text
    assert scene.target.quantity == 1


def test_a_platform_that_could_be_read_shows_that_our_line_works() -> None:
    scene = Scene(quantity=1)
    scene.answer, scene.line_works = REFUSED, False
    assert scene.kinds() == [Kind.OUTAGE]
    assert scene.target.quantity == 3


def test_the_quantity_is_read_while_a_target_hangs() -> None:
    scene = Scene(quantity=1)
    read_meanwhile = scene.target.was_read.wait
    scene.scaling = replace(scene.scaling, probe=lambda: (GOOD,) if read_meanwhile(5) else ())
    scene.step()
    assert scene.notes.looks[-1].verdict == "healthy"


# A dry run


def test_a_dry_run_decides_logs_and_records_and_writes_nothing() -> None:
    scene = Scene(quantity=1, timetable="00:00=2", dry_run=True)
    assert scene.step(times=10) == [
        "at=info event=scale.would_change twin=a target=my-app/web from=1 to=2 "
        'because="the timetable says 2"'
    ]
    assert scene.target.quantity == 1
    because = "a dry run, else: the timetable says 2"
    assert scene.notes.decisions == [Decision(int(at("2026-06-10T12:00Z")), 1, 2, because)]


def test_a_dry_run_tells_of_an_outage_and_what_it_would_do() -> None:
    scene = Scene(quantity=1, dry_run=True)
    scene.answer = BAD
    assert scene.kinds(times=10) == [Kind.OUTAGE]
    assert scene.told[0].done == ("nothing, as this is a dry run: it would be scaled from 1 to 3")


# The history


def test_each_step_is_a_look_in_the_history() -> None:
    scene = Scene(quantity=2, timetable="00:00=2")
    scene.next = [Probe(200, 6.2), Probe(503, 0.2)]
    scene.step()
    wall = int(at("2026-06-10T12:00Z"))
    assert scene.notes.looks == [Look(wall // 60, 6200, "failing", wall, 2, 2)]


def test_what_is_not_known_is_minus_one_in_the_history() -> None:
    scene = Scene(quantity=2, timetable=None)
    scene.target.unreadable = WAKING
    scene.answer = REFUSED
    scene.step()
    (look,) = scene.notes.looks
    assert (look.latency_ms, look.quantity, look.baseline) == (0, -1, -1)


def test_each_change_is_a_decision_with_its_reason_in_the_history() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.step(times=3)
    wall = int(at("2026-06-10T12:00Z"))
    assert scene.notes.decisions == [Decision(wall, 1, 3, "the timetable says 3")]


# What somebody else changes, and what the platform allows


def test_a_deploy_under_way_is_waited_for_and_people_learn_if_it_lasts() -> None:
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


def test_a_number_that_a_deploy_resets_is_put_right_at_once_and_is_no_news() -> None:
    scene = Scene(quantity=3, timetable="00:00=3")
    scene.target.template = "first"
    scene.step()
    scene.target.template, scene.target.quantity = "second", 1
    assert scene.step() == [
        "at=info event=target.deployed twin=a target=my-app/web from=3 to=1",
        "at=info event=scale.changed twin=a target=my-app/web from=1 to=3 "
        'because="the timetable says 3"',
    ]
    assert scene.told == []


def test_a_refusal_that_names_its_limit_is_followed_to_it_in_the_same_step() -> None:
    scene = Scene(quantity=1)
    scene.target.limit = 2
    scene.answer = BAD
    changed, failed = scene.step()
    because = "scale out to 3, but the platform allows no more than 2"
    assert " from=1 to=2 " in changed
    assert because in changed
    assert 'because="no more than 2"' in failed
    assert [news.kind for news in scene.told] == [Kind.OUTAGE, Kind.TROUBLE]
    assert {news.done for news in scene.told} == {"scaled from 1 to 2"}
    assert scene.step(times=200) == []
    scene.answer = GOOD
    assert scene.kinds(times=10) == [Kind.RELIEF, Kind.RECOVERY]


def test_a_limit_that_is_reached_already_is_not_asked_against_at_each_step() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.target.limit = 1
    assert scene.kinds(times=200) == [Kind.TROUBLE]
    assert scene.told[0].done == (
        "nothing: the timetable says 3, but the platform allows no more than 1"
    )
    scene.target.limit = 2
    scene.step(times=41)
    assert scene.target.quantity == 2


def test_who_loses_the_duty_while_it_is_refused_changes_nothing() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.step(times=0)

    def lost(quantity: int) -> int:
        scene.notes.remember("scale my-app/web", "{}", scene.term + 1)
        raise TargetError("no more than 2", heals=False, limit=quantity - 1)

    scene.target.write = lost  # type: ignore[method-assign]
    scene.step()
    assert scene.target.quantity == 1


@pytest.mark.parametrize(("closed", "stands"), [(True, 1), (False, 3), (WAKING, 3)])
def test_a_maintenance_page_scales_nothing_and_is_told_as_what_it_is(
    closed: bool | TargetError, stands: int
) -> None:
    scene = Scene(quantity=1)
    scene.target.closed = closed
    scene.answer = BAD
    assert scene.kinds(times=10) == [Kind.OUTAGE]
    assert scene.target.quantity == stands
    is_said = "maintenance mode" in scene.told[0].because
    assert is_said is (closed is True)


def test_a_memo_that_wants_nine_hundred_gets_no_more_than_the_ceiling() -> None:
    scene = Scene(quantity=1)
    until = scene.wall + 600
    memo = {"quantity": 1, "hand": 900, "wanted": 900, "respected_until": until}
    scene.notes.remember("scale my-app/web", json.dumps(memo), scene.term)
    scene.step(times=20)
    assert scene.target.quantity == 3


def test_the_history_tells_the_timetable_whatever_somebody_set_by_hand() -> None:
    scene = Scene(quantity=2, timetable="00:00=2")
    scene.step()
    scene.target.quantity = 5
    scene.step()
    look = scene.notes.looks[-1]
    assert (look.quantity, look.baseline) == (5, 2)
