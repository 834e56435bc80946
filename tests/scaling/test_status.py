"""A target on the page, from its memo."""

from dataclasses import dataclass, field
from datetime import datetime

from twin.core.pair.history import Look
from twin.core.scaling.memory import Memory
from twin.core.scaling.observation import Rules
from twin.core.scaling.timetable import Timetable, parse_timetable
from twin.node.notebook import written
from twin.scaling.status import shown

NOON = datetime.fromisoformat("2026-06-10T12:00Z").timestamp()


@dataclass(frozen=True)
class Shop:
    target: str = "docker:shop"
    timetable: Timetable | None = None
    rules: Rules = field(default_factory=Rules)
    dry_run: bool = False


DAY = parse_timetable("07:00=3 22:00=2", "UTC")


def test_of_a_target_that_nobody_has_looked_at_only_the_settings_are_known() -> None:
    assert shown(Shop(dry_run=True), None, None, NOON) == {
        "name": "docker:shop",
        "quantity": None,
        "timetable": None,
        "baseline": None,
        "max": 3,
        "verdict": "unknown",
        "latency_ms": None,
        "reason": None,
        "next_change": None,
        "outage_since": None,
        "respected_until": None,
        "trouble": None,
        "dry_run": True,
        "looked_at": None,
        "saved": {"month": "2026-06", "dyno_hours": 0.0},
    }


def test_a_target_in_an_outage_with_all_that_is_known_of_it() -> None:
    memory = Memory(
        quantity=2,
        verdict="failing",
        reason="the timetable says 3",
        outage_since=NOON - 60,
        trouble="not paid for",
        month="2026-06",
        saved_s=3600.0,
        counted_at=NOON - 360,
    )
    look = Look(int(NOON) // 60, 120, "failing", int(NOON) - 5, 2, 3)
    seen = shown(Shop(timetable=DAY), written(memory), look, NOON)
    assert seen == {
        "name": "docker:shop",
        "quantity": 2,
        "timetable": 3,
        "baseline": 3,
        "max": 3,
        "verdict": "failing",
        "latency_ms": 120,
        "reason": "the timetable says 3",
        "next_change": {"at": "2026-06-10T22:00:00Z", "quantity": 2},
        "outage_since": "2026-06-10T11:59:00Z",
        "respected_until": None,
        "trouble": "not paid for",
        "dry_run": False,
        "looked_at": "2026-06-10T11:59:55Z",
        "saved": {"month": "2026-06", "dyno_hours": 1.1},
    }


def test_what_somebody_set_by_hand_is_the_baseline_but_never_the_timetable() -> None:
    memory = Memory(quantity=5, hand=5, hand_since=NOON, respected_until=NOON + 900)
    shop, text = Shop(timetable=DAY), written(memory)
    during, after = shown(shop, text, None, NOON + 60), shown(shop, text, None, NOON + 900)
    assert (during["baseline"], during["respected_until"]) == (5, "2026-06-10T12:15:00Z")
    assert (after["baseline"], after["respected_until"]) == (3, None)
    assert during["timetable"] == after["timetable"] == 3
