"""How the status page shows a target, from its memo."""

from datetime import datetime

from twin.core.pair.history import Look
from twin.core.scaling.observation import Rules
from twin.core.scaling.state import ScalingState
from twin.core.scaling.timetable import Timetable, parse_timetable
from twin.node.notebook import written
from twin.scaling.platforms.docker import DockerAddress
from twin.scaling.status import shown
from twin.settings.targets import ScaleSettings

NOON = datetime.fromisoformat("2026-06-10T12:00Z").timestamp()


def shop(timetable: Timetable | None = None, dry_run: bool = False) -> ScaleSettings:
    return ScaleSettings(DockerAddress("shop"), timetable, Rules(), None, 15, dry_run)


DAY = parse_timetable("07:00=3 22:00=2", "UTC")


def test_a_target_without_a_memo_shows_its_settings_only() -> None:
    assert shown(shop(dry_run=True), None, None, NOON) == {
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


def test_a_target_in_an_outage_shows_every_field() -> None:
    state = ScalingState(
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
    seen = shown(shop(timetable=DAY), written(state), look, NOON)
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


def test_a_manual_quantity_is_the_baseline_but_never_the_timetable() -> None:
    state = ScalingState(quantity=5, hand=5, hand_since=NOON, respected_until=NOON + 900)
    settings, text = shop(timetable=DAY), written(state)
    during, after = shown(settings, text, None, NOON + 60), shown(settings, text, None, NOON + 900)
    assert (during["baseline"], during["respected_until"]) == (5, "2026-06-10T12:15:00Z")
    assert (after["baseline"], after["respected_until"]) == (3, None)
    assert during["timetable"] == after["timetable"] == 3
