"""Retries of a target, on a clock set by hand."""

from dataclasses import dataclass, field
from threading import Event

import pytest
from node_bench import HandClock

from twin.core.scaling.target import Reading, Target, TargetError
from twin.scaling.retry import Retrying

BUSY = TargetError("out of order", heals=True)
NO_KEY = TargetError("the key is wrong", heals=False)


@dataclass
class Scene:
    """A target that raises its `failures` in turn, and the retrying target around it."""

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

    def inspect(self) -> Reading:
        return self.read()

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
        """The quantity read, or the text of the error."""
        self.failures = list(failures)
        try:
            return self.retrying.read().quantity
        except TargetError as error:
            return str(error)


class Waiting(Event):
    """An event whose `wait` moves the scene's clock."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self._scene = scene

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self._scene.waits.append(timeout)
        self._scene.clock.move(timeout)
        return self._scene.stopped


def test_a_retrying_target_keeps_the_name() -> None:
    one: Target = Scene().retrying
    assert one.name == "my-app/web"


def test_a_brief_failure_is_retried_within_the_call() -> None:
    scene = Scene()
    assert scene.reading(BUSY, BUSY) == 2
    assert scene.waits == [0.5, 1.5]


def test_a_change_is_retried_as_it_is_idempotent() -> None:
    scene = Scene(failures=[BUSY])
    assert scene.retrying.write(3) == 3
    assert scene.asked == [3, 3]


def test_a_lasting_failure_is_retried_ever_less_often() -> None:
    scene = Scene()
    asked_at = []
    for step in range(60):
        scene.wait_until(step * 15)
        before = len(scene.asked)
        assert scene.reading(*[BUSY] * 3) == "out of order"
        if len(scene.asked) > before:
            asked_at.append(step * 15)
    assert asked_at == [0, 15, 45, 105, 225, 465, 765]


def test_a_success_resets_the_backoff() -> None:
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


def test_a_refused_change_blocks_neither_reads_nor_other_changes() -> None:
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


def test_a_stop_ends_the_retries() -> None:
    scene = Scene(stopped=True)
    assert scene.reading(BUSY) == "out of order"
    assert scene.waits == [0.5]


def test_a_hanging_platform_is_retried_for_nine_seconds_at_most() -> None:
    scene = Scene(takes_s=4.0)
    assert scene.reading(BUSY, BUSY, BUSY) == "out of order"
    assert scene.passed_s == 8.5


def test_a_fast_clock_shortens_the_pauses() -> None:
    scene = Scene(clock=HandClock(rate=10.0))
    assert scene.reading(BUSY) == 2
    assert scene.waits == [0.05]


def test_with_few_requests_left_the_quantity_is_read_less_often() -> None:
    scene = Scene(requests_left=150)
    for step in range(17):
        scene.wait_until(step * 15)
        assert scene.reading() == 2
    assert len(scene.asked) == 3  # 240 s, one each 120


def test_a_clock_set_back_does_not_prolong_a_cached_quantity() -> None:
    scene = Scene(requests_left=1)
    scene.reading()
    scene.clock.move(-3600)
    scene.reading()
    assert len(scene.asked) == 2


def test_with_few_requests_left_a_change_is_made_and_cached() -> None:
    scene = Scene(requests_left=1)
    scene.reading()
    assert scene.retrying.write(3) == 3
    assert scene.reading() == 3
    assert scene.asked == [None, 3]


def test_a_repeated_error_keeps_a_short_traceback() -> None:
    scene = Scene()
    lengths = []
    for _ in range(3):
        scene.failures = [NO_KEY]
        with pytest.raises(TargetError) as raised:
            scene.retrying.read()
        lengths.append(len(raised.traceback))
    assert lengths[1] == lengths[2]


def test_the_first_refusal_after_a_success_heals() -> None:
    scene = Scene()
    assert scene.reading() == 2
    scene.clock.move(15)
    scene.failures = [NO_KEY]
    with pytest.raises(TargetError) as raised:
        scene.retrying.read()
    assert raised.value.heals
    scene.clock.move(15)
    assert scene.reading() == 2


def test_a_repeated_refusal_does_not_heal() -> None:
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


def test_an_answer_with_another_quantity_is_an_error() -> None:
    scene = Scene(ceiling=1)
    with pytest.raises(TargetError, match=r"scaled to 3, .* but it stands at 1") as raised:
        scene.retrying.write(3)
    assert (raised.value.stands, raised.value.heals) == (1, True)
    assert scene.asked == [3]
    with pytest.raises(TargetError, match="stands at 1"):
        scene.retrying.write(3)
    assert scene.asked == [3]


def test_a_retrying_target_passes_on_whether_it_is_closed() -> None:
    assert Scene().retrying.is_closed()
