"""When people are told of trouble: a memory, and a clock that is set by hand."""

import pytest

from twin.core.scaling.alerts import troubled, untroubled
from twin.core.scaling.memory import Memory

NOON = 1_795_000_000.0


def told_at(heals: bool, hours: float) -> list[int]:
    """In which seconds of trouble that lasts so long people are told, looked at each 15 s."""
    memory, told = Memory(), []
    for passed_s in range(0, int(hours * 3600), 15):
        _, tell, memory = troubled(memory, "out of order", heals, NOON + passed_s)
        if tell:
            told.append(passed_s)
    return told


def test_trouble_that_needs_somebody_is_told_at_once_and_hourly() -> None:
    assert told_at(heals=False, hours=2.5) == [0, 3600, 7200]


def test_trouble_that_may_heal_is_told_when_it_has_lasted_and_hourly() -> None:
    assert told_at(heals=True, hours=2.5) == [600, 4200, 7800]
    assert told_at(heals=True, hours=0.16) == []


def test_trouble_that_comes_to_need_somebody_is_told_then() -> None:
    _, first, memory = troubled(Memory(), "the key is wrong", True, NOON)
    _, then, memory = troubled(memory, "the key is wrong", False, NOON + 15)
    assert (first, then) == (False, True)
    assert memory.trouble_since == NOON


def test_the_same_trouble_is_logged_once_an_hour_and_another_at_once() -> None:
    first, _, memory = troubled(Memory(), "busy", True, NOON)
    again, _, memory = troubled(memory, "busy", True, NOON + 60)
    other, _, memory = troubled(memory, "away", True, NOON + 75)
    later, _, memory = troubled(memory, "away", True, NOON + 3675)
    assert [first, again, other, later] == [True, False, True, True]


@pytest.mark.parametrize(("heals", "is_told"), [(False, True), (True, False)])
def test_the_end_is_told_if_the_trouble_was(heals: bool, is_told: bool) -> None:
    _, _, memory = troubled(Memory(), "out of order", heals, NOON)
    tell, memory = untroubled(memory)
    assert tell is is_told
    assert untroubled(memory) == (False, memory)
