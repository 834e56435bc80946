"""What is saved against running the maximum all the time."""

from dataclasses import replace
from datetime import datetime

from twin.core.scaling.memory import Memory
from twin.core.scaling.savings import counted

NOON = datetime.fromisoformat("2026-06-10T12:00Z").timestamp()


def after(seconds: float, quantity: int | None, wall: float = NOON) -> float:
    looked = counted(Memory(quantity=quantity), 3, wall)
    return counted(looked, 3, wall + seconds).saved_s


def test_each_process_less_than_the_maximum_is_saved_for_as_long_as_it_is_less() -> None:
    assert after(15, quantity=1) == 30
    assert after(15, quantity=3) == 0


def test_more_than_the_maximum_costs_what_was_saved() -> None:
    assert after(15, quantity=5) == -30


def test_what_nobody_looked_at_is_not_counted() -> None:
    assert after(2 * 3600, quantity=1) == 0
    assert after(-60, quantity=1) == 0
    assert after(15, quantity=None) == 0


def test_it_adds_up_to_the_same_however_often_it_is_counted() -> None:
    memory = counted(Memory(quantity=1), 3, NOON)
    for second in range(15, 3000, 15):
        memory = counted(memory, 3, NOON + second)
    assert memory.saved_s == after(2985, quantity=1)


def test_a_month_begins_with_nothing() -> None:
    may = datetime.fromisoformat("2026-05-31T23:59:50Z").timestamp()
    memory = replace(counted(Memory(quantity=1), 3, may), saved_s=1e6)
    june = counted(memory, 3, may + 15)
    assert (june.month, june.saved_s) == ("2026-06", 30)
