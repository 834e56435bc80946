"""When trouble causes an alert: a state and a hand-set clock."""

import pytest

from twin.core.scaling.alerts import relief, trouble
from twin.core.scaling.state import ScalingState

NOON = 1_795_000_000.0


def told_at(heals: bool, hours: float) -> list[int]:
    """The seconds at which trouble of this length alerts, checked every 15 s."""
    state, told = ScalingState(), []
    for passed_s in range(0, int(hours * 3600), 15):
        _, alert, state = trouble("shop", state, "out of order", heals, NOON + passed_s)
        if alert:
            told.append(passed_s)
    return told


def test_trouble_that_needs_a_person_alerts_at_once_and_hourly() -> None:
    assert told_at(heals=False, hours=2.5) == [0, 3600, 7200]


def test_trouble_that_may_heal_alerts_when_it_lasts_and_hourly() -> None:
    assert told_at(heals=True, hours=2.5) == [600, 4200, 7800]
    assert told_at(heals=True, hours=0.16) == []


def test_trouble_alerts_once_it_needs_a_person() -> None:
    _, first, state = trouble("shop", ScalingState(), "the key is wrong", True, NOON)
    _, then, state = trouble("shop", state, "the key is wrong", False, NOON + 15)
    assert (first is None, then is None) == (True, False)
    assert state.trouble_since == NOON


def test_the_same_trouble_is_logged_once_an_hour_and_another_at_once() -> None:
    first, _, state = trouble("shop", ScalingState(), "busy", True, NOON)
    again, _, state = trouble("shop", state, "busy", True, NOON + 60)
    other, _, state = trouble("shop", state, "away", True, NOON + 75)
    later, _, state = trouble("shop", state, "away", True, NOON + 3675)
    assert [first, again, other, later] == [True, False, True, True]


@pytest.mark.parametrize(("heals", "is_told"), [(False, True), (True, False)])
def test_the_end_alerts_only_if_the_trouble_did(heals: bool, is_told: bool) -> None:
    _, _, state = trouble("shop", ScalingState(), "out of order", heals, NOON)
    alert, state = relief("shop", state, NOON + 900)
    assert (alert is not None) is is_told
    assert relief("shop", state, NOON + 915) == (None, state)


def test_the_alert_of_trouble_and_its_end_say_since_when_and_why() -> None:
    _, alert, state = trouble("shop", ScalingState(), "the key is wrong", False, NOON)
    assert alert is not None
    assert alert.body == (
        "shop has failed to scale since 2026-11-18 11:06:40 UTC.\nWhy: the key is wrong."
    )
    alert, _ = relief("shop", state, NOON + 900)
    assert alert is not None
    assert alert.body == (
        "shop can be scaled again. It failed to scale since 2026-11-18 11:06:40 UTC, for 15m.\n"
        "Why: this is over: the key is wrong."
    )
