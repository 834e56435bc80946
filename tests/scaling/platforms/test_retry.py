"""A target that is asked with patience, on a clock that is set by hand."""

from dataclasses import dataclass, field
from threading import Event

import pytest
from node_bench import HandClock

from twin.core.scaling.target import Reading, Target, TargetError
from twin.scaling.platforms.retry import Retrying

BUSY = TargetError("out of order", heals=True)
NO_KEY = TargetError("the key is wrong", heals=False)


@dataclass
class Scene:
    """A target that fails as it is told, and one that asks it with patience."""

    quantity: int = 2
    requests_left: int | None = None
    ceiling: int = 100
    name: str = "my-app/web"
    failures: list[TargetError] = field(default_factory=list)
    asked: list[int | None] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    takes_s: float = 0.0
    stopped: bool = False
    clock: HandClock = field(default_factory=HandClock)

    def __post_init__(self) -> None:
        self.began = self.clock.now().wall
        self.retrying = Retrying(self, self.clock, Waiting(self), lambda: 0.0)

    @property
    def passed_s(self) -> float:
        return self.clock.now().wall - self.began

    def wait_until(self, seconds: float) -> None:
        self.clock.move(seconds - self.passed_s)

    def read(self) -> Reading:
        self.asked.append(None)
        return Reading(self._answered())

    def write(self, quantity: int) -> int:
        self.asked.append(quantity)
        self.quantity = min(quantity, self.ceiling)
        return self._answered()

    def is_closed(self) -> bool:
        return True

    def _answered(self) -> int:
        self.clock.move(self.takes_s)
        if self.failures:
            raise self.failures.pop(0)
        return self.quantity

    def reading(self, *failures: TargetError) -> int | str:
        """What a read gives, or the error that it raises."""
        self.failures = list(failures)
        try:
            return self.retrying.read().quantity
        except TargetError as error:
            return str(error)


class Waiting(Event):
    """Waiting passes the scene's time."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self._scene = scene

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self._scene.waits.append(timeout)
        self._scene.clock.move(timeout)
        return self._scene.stopped


def test_it_is_a_target_by_the_same_name() -> None:
    one: Target = Scene().retrying
    assert one.name == "my-app/web"


def test_a_short_trouble_is_not_even_noticed() -> None:
    scene = Scene()
    assert scene.reading(BUSY, BUSY) == 2
    assert scene.waits == [0.5, 1.5]


def test_a_change_is_repeated_too_as_it_says_how_many_and_not_how_many_more() -> None:
    scene = Scene(failures=[BUSY])
    assert scene.retrying.write(3) == 3
    assert scene.asked == [3, 3]


def test_what_lasts_is_asked_ever_more_seldom() -> None:
    scene = Scene()
    asked_at = []
    for step in range(60):
        scene.wait_until(step * 15)
        before = len(scene.asked)
        assert scene.reading(*[BUSY] * 3) == "out of order"
        if len(scene.asked) > before:
            asked_at.append(step * 15)
    assert asked_at == [0, 15, 45, 105, 225, 465, 765]


def test_once_it_answers_again_all_is_forgotten() -> None:
    scene = Scene()
    for seconds in (0, 15):
        scene.wait_until(seconds)
        assert scene.reading(BUSY, BUSY, BUSY) == "out of order"
    scene.wait_until(45)
    assert scene.reading() == 2
    scene.wait_until(60)
    assert scene.reading(BUSY, BUSY, BUSY) == "out of order"
    scene.wait_until(75)
    assert scene.reading() == 2


def test_what_is_refused_can_still_be_read_and_something_else_asked_for() -> None:
    scene = Scene(failures=[NO_KEY, NO_KEY])
    for _ in range(3):
        with pytest.raises(TargetError, match="the key is wrong"):
            scene.retrying.write(5)
        scene.clock.move(15)
    assert scene.asked == [5, 5]
    assert scene.reading() == 5
    scene.failures = [NO_KEY]
    with pytest.raises(TargetError, match="the key is wrong"):
        scene.retrying.write(5)
    assert scene.retrying.write(4) == 4
    assert scene.asked == [5, 5, None, 5, 4]


def test_a_stop_ends_the_waiting() -> None:
    scene = Scene(stopped=True)
    assert scene.reading(BUSY) == "out of order"
    assert scene.waits == [0.5]


def test_a_platform_that_hangs_is_not_waited_for_longer_than_nine_seconds() -> None:
    scene = Scene(takes_s=4.0)
    assert scene.reading(BUSY, BUSY, BUSY) == "out of order"
    assert scene.passed_s == 8.5


def test_at_speed_the_pauses_are_shorter_too() -> None:
    scene = Scene(clock=HandClock(rate=10.0))
    assert scene.reading(BUSY) == 2
    assert scene.waits == [0.05]


def test_when_few_requests_are_left_the_quantity_is_read_less_often() -> None:
    scene = Scene(requests_left=150)
    for step in range(17):
        scene.wait_until(step * 15)
        assert scene.reading() == 2
    assert len(scene.asked) == 3  # 240 s, one each 120


def test_a_clock_that_is_set_back_does_not_make_a_quantity_stand_for_longer() -> None:
    scene = Scene(requests_left=1)
    scene.reading()
    scene.clock.move(-3600)
    scene.reading()
    assert len(scene.asked) == 2


def test_when_few_requests_are_left_a_change_is_made_all_the_same_and_remembered() -> None:
    scene = Scene(requests_left=1)
    scene.reading()
    assert scene.retrying.write(3) == 3
    assert scene.reading() == 3
    assert scene.asked == [None, 3]


def test_an_error_that_is_repeated_does_not_grow() -> None:
    scene = Scene()
    lengths = []
    for _ in range(3):
        scene.failures = [NO_KEY]
        with pytest.raises(TargetError) as raised:
            scene.retrying.read()
        lengths.append(len(raised.traceback))
    assert lengths[1] == lengths[2]


def test_one_refusal_by_a_platform_that_worked_a_moment_ago_blinds_for_one_step_alone() -> None:
    scene = Scene()
    assert scene.reading() == 2
    scene.clock.move(15)
    scene.failures = [NO_KEY]
    with pytest.raises(TargetError) as raised:
        scene.retrying.read()
    assert raised.value.heals
    scene.clock.move(15)
    assert scene.reading() == 2


def test_a_refusal_that_is_repeated_needs_a_person() -> None:
    scene = Scene()
    scene.reading()
    heals = []
    for _ in range(3):
        scene.clock.move(15)
        scene.failures = [NO_KEY]
        with pytest.raises(TargetError) as raised:
            scene.retrying.read()
        heals.append(raised.value.heals)
    assert heals == [True, False, False]


def test_an_answer_that_states_another_number_is_not_taken_for_a_change() -> None:
    scene = Scene(ceiling=1)
    with pytest.raises(TargetError, match=r"scaled to 3, .* but it stands at 1") as raised:
        scene.retrying.write(3)
    assert (raised.value.stands, raised.value.heals) == (1, True)
    assert scene.asked == [3]
    with pytest.raises(TargetError, match="stands at 1"):
        scene.retrying.write(3)
    assert scene.asked == [3]


def test_whether_it_is_closed_is_asked_as_it_is() -> None:
    assert Scene().retrying.is_closed()
