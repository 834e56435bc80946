"""The scaling duty, step by step: a target that can refuse, answers as they come, and the log."""

import contextlib
import io
from datetime import datetime

import httpx
import pytest

from twin.adapters.heroku import HerokuTarget
from twin.core.plan import Rules
from twin.core.target import TargetError
from twin.core.timetable import Timetable, parse_timetable
from twin.core.verdict import Probe
from twin.duties.scaling import HerokuName, Scaling, parse_target
from twin.log import Log

GOOD = Probe(200, 0.1)
BAD = Probe(503, 0.1)
EVERY_S = 15.0
WAKING = TargetError("the API is waking", heals=True)
NO_KEY = TargetError("the key is wrong", heals=False)


class FakeTarget:
    """A quantity, and the errors that stand in its way."""

    name = "my-app/web"

    def __init__(self, quantity: int) -> None:
        self.quantity = quantity
        self.ceiling = 100
        self.unreadable: TargetError | None = None
        self.unwritable: TargetError | None = None

    def read(self) -> int:
        if self.unreadable:
            raise self.unreadable
        return self.quantity

    def write(self, quantity: int) -> int:
        if self.unwritable:
            raise self.unwritable
        self.quantity = min(quantity, self.ceiling)
        return self.quantity


class Scene:
    """A scaling duty in front of a target that answers each probe as the test says."""

    def __init__(
        self, quantity: int = 1, timetable: str | None = "00:00=1", probed: bool = True
    ) -> None:
        self.target = FakeTarget(quantity)
        self.answer = GOOD
        self.next: list[Probe] = []
        self.probes = 0
        self.wall = at("2026-06-10T12:00Z")
        self._log = io.StringIO()
        table = parse_timetable(timetable, "UTC") if timetable else None
        probe = self._probe if probed else None
        self.scaling = Scaling(self.target, probe, table, Rules(), Log("a", self._log))

    def _probe(self) -> Probe:
        self.probes += 1
        return self.next.pop(0) if self.next else self.answer

    def step(self, times: int = 1) -> list[str]:
        """What these steps log, without the lines on probes."""
        return [line for line in self.all_of(times) if "event=probe." not in line]

    def all_of(self, times: int = 1) -> list[str]:
        said = self._log.tell()
        for _ in range(times):
            with contextlib.suppress(TargetError):
                self.scaling.step(self.wall)
            self.wall += EVERY_S
        return self._log.getvalue()[said:].splitlines()


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
        'because="503 after 0.1 s"'
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


def test_the_log_tells_the_quantity_that_the_platform_states() -> None:
    scene = Scene(quantity=1, timetable="00:00=3")
    scene.target.ceiling = 2
    assert " from=1 to=2 " in scene.step()[0]


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
        'at=info event=scale.recovered twin=a target=my-app/web after="the API is waking"'
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
    scaling = Scaling(target, lambda: BAD, daily(1), Rules(), Log("a"))
    for step in range(5):
        with contextlib.suppress(TargetError):
            scaling.step(1_000_000 + EVERY_S * step)
    events = [line.split()[1] for line in capsys.readouterr().out.splitlines()]
    assert quantities == {"clock": 3, "web": 3}
    assert events == [
        "event=probe.changed",
        *["event=scale.failed"] * 2,
        "event=scale.changed",
        "event=scale.recovered",
    ]


def daily(quantity: int) -> Timetable:
    return parse_timetable(f"00:00={quantity}", "UTC")


@pytest.mark.parametrize(
    ("text", "app", "process_type"),
    [
        ("my-app", "my-app", "web"),
        ("my-app/worker", "my-app", "worker"),
        ("my-app/send_mail-2", "my-app", "send_mail-2"),
        ("01234567-89ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdef", "web"),
    ],
)
def test_a_target_is_an_app_and_a_process_type(text: str, app: str, process_type: str) -> None:
    assert parse_target(text) == HerokuName(app, process_type)


@pytest.mark.parametrize(
    "text", ["", "/web", "my-app/", "my app", "my-app/../other", "a/b/c", "a\n"]
)
def test_what_is_no_target_is_told_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="name a Heroku app, such as my-app, or my-app/worker"):
        parse_target(text)


def test_a_docker_service_is_not_supported_yet() -> None:
    with pytest.raises(ValueError, match="docker:shop: Docker services cannot be scaled yet"):
        parse_target("docker:shop")


def test_a_step_that_could_not_do_its_work_has_failed() -> None:
    """The ledger and the exit status of `run` say so; the log already has, once."""
    scene = Scene()
    scene.target.unreadable = WAKING
    with pytest.raises(TargetError):
        scene.scaling.step(scene.wall)
