"""A made-up day of a pair, as `/status?since=` would report it."""

import math
from datetime import UTC, datetime
from typing import Any

from twin.core.moment import iso

NOW = datetime(2026, 11, 21, 14, 5, 9, tzinfo=UTC).timestamp()
HOUR_S = 3600

Told = dict[str, Any]


def a_day(now: float = NOW) -> Told:
    """Two shifts, a death in the night, and a slow hour with more dynos."""
    return {
        "now": now,
        "term": int((now - 2 * HOUR_S) * 1000) + 123,
        "watchers": 1,
        "version": "1.0.0",
        "twins": [
            _twin("a", "on_duty", now - 2 * HOUR_S - 309, None),
            _twin("b", "standby", now - 2 * HOUR_S - 308, iso(now - 2)),
        ],
        "arbiter": None,
        "wrong": None,
        "paused": None,
        "jobs": _jobs(now),
        "targets": [_target(now)],
        "hours": {
            "host": "Heroku Eco",
            "budget": 1000,
            "month": "2026-11",
            "used": {"a": 386.4, "b": 341.2},
            "known_since": "2026-11-01T00:00:00Z",
            "dry_on": "2026-11-29",
        },
        "history": {
            "looks": {"my-shop/web": _looks(now)},
            "decisions": {"my-shop/web": _decisions(now)},
            "changes": _changes(now),
            "lives": _lives(now),
        },
    }


def a_day_in_strict_mode(further: str = "c", now: float = NOW) -> Told:
    """The same with an arbiter, and more twins, which stand by."""
    told = a_day(now)
    for name in further:
        told["twins"].append(_twin(name, "standby", now - 5 * HOUR_S, iso(now - 4)))
        told["history"]["lives"][f"{name}3"] = [name, int(now - 5 * HOUR_S), int(now - 4), "v42"]
        change = _change(now - 5 * HOUR_S + 2, name, f"{name}3", "standby", "it joins")
        told["history"]["changes"].append(change)
    told["arbiter"] = {
        "why_silent": None,
        "heard_s": 1.4,
        "lease_s": 10.0,
        "holder": "a",
        "trusted_s": 7.6,
        "twins": ["a", "b", *further],
    }
    return told


def twin_of(told: Told, name: str) -> Told:
    return next(twin for twin in told["twins"] if twin["twin"] == name)


def _twin(name: str, role: str, since: float, heard_at: str | None) -> Told:
    return {
        "twin": name,
        "url": f"https://twin-{name}.example",
        "role": role,
        "since": iso(since),
        "release": "v42",
        "boot": f"{name}3",
        "awake": True,
        "heard_at": heard_at,
    }


def _job(name: str, schedule: str, slot: float, state: str | None, **more: Any) -> Told:
    told = {"seconds": None, "late_ms": None, "why": None, "next": None, "twin": "a"}
    return {**told, "name": name, "schedule": schedule, "slot": iso(slot), "state": state, **more}


def _jobs(now: float) -> list[Told]:
    ten = now // 600 * 600
    return [
        _job("jobs.post", "every 10m", ten, "done", seconds=0.84, late_ms=3, next=iso(ten + 600)),
        _job(
            "jobs.digest", "0 7 * * mon-fri Asia/Tokyo", now - 16 * HOUR_S, "failed", seconds=12.4,
            late_ms=6, why="ConnectionError: the mail server refused the connection", twin="b",
            next=iso(now + 32 * HOUR_S),
        ),
        _job(
            "jobs.backup", "at 03:00", now - 11 * HOUR_S, "skipped", next=iso(now + 13 * HOUR_S),
            why="nobody ran it in time: it is 312 s late, and its grace is 60 s",
        ),
        _job("scaling", "every 15s", now - 4, "running", late_ms=2, next=iso(now + 11)),
    ]  # fmt: skip


def _target(now: float) -> Told:
    return {
        "name": "my-shop/web",
        "quantity": 3,
        "timetable": 3,
        "baseline": 3,
        "max": 5,
        "verdict": "healthy",
        "latency_ms": 142,
        "reason": "the timetable says 3 since 07:00",
        "next_change": {"at": iso(now // 86400 * 86400 + 22 * HOUR_S), "quantity": 2},
        "outage_since": None,
        "respected_until": None,
        "dry_run": False,
        "looked_at": iso(now - 4),
        "saved": {"month": "2026-11", "dyno_hours": 612.5},
    }


def _floor(hour: float) -> int:
    return 3 if 7 <= hour < 22 else 2 if hour >= 22 else 1


def _looks(now: float) -> list[list[Any]]:
    """Twenty unobserved minutes, nine hours ago; later a bad hour."""
    looks = []
    for back in range(1440, -1, -1):
        minute = int(now // 60) - back
        hour = minute / 60 % 24
        if 540 <= back < 560:
            continue
        busy = 120 + 60 * math.sin(hour / 24 * 2 * math.pi - 1.2)
        latency = int(busy + 23 * math.sin(minute * 1.7) + 17 * math.sin(minute * 0.37))
        quantity, verdict = _floor(hour), "healthy"
        if 130 <= back < 190:
            latency, quantity = int(latency * 4 + 30 * (190 - back) ** 0.5), 5
        if 183 <= back < 190:
            latency, verdict, quantity = 5400 + back, "slow", 3 if back > 188 else 5
        if 178 <= back < 183:
            latency, verdict = 0, "unreachable" if back < 181 else "failing"
        looks.append([minute, latency, verdict, minute * 60 + 40, quantity, _floor(hour)])
    return looks


def _decisions(now: float) -> list[list[Any]]:
    day = now // 86400 * 86400
    return [
        [int(day - 2 * HOUR_S), 3, 2, "the timetable says 2 from 22:00"],
        [int(day), 2, 1, "the timetable says 1 from 00:00"],
        [int(day + 7 * HOUR_S), 1, 3, "the timetable says 3 from 07:00"],
        [int(now - 188 * 60), 3, 5, "slow for 15 s: 200 after 5.4 s"],
        [int(now - 129 * 60), 5, 4, "answers under 1 s for 10 min"],
        [int(now - 119 * 60), 4, 3, "answers under 1 s for 10 min"],
    ]


def _change(at: float, twin: str, boot: str, role: str, because: str) -> list[Any]:
    return [int(at * 1000), twin, boot, role, because]


def _changes(now: float) -> list[list[Any]]:
    at = [now - hours * HOUR_S for hours in (20, 13, 12.9, 11, 6, 2.086)]
    return [
        _change(now - 27 * HOUR_S, "b", "b1", "standby", "a is on duty"),
        _change(now - 25 * HOUR_S, "a", "a1", "on_duty", "it woke"),
        _change(at[0] - 2, "b", "b1", "claiming", "its shift begins"),
        _change(at[0], "b", "b1", "on_duty", "a knows of it"),
        _change(at[0] + 1, "a", "a1", "standby", "b claims it"),
        _change(at[1] + 1, "a", "a1", "on_duty", "nobody serves at the peer's URL: refused"),
        _change(at[2] + 3, "b", "b2", "claiming", "it woke"),
        _change(at[2] + 5, "b", "b2", "on_duty", "it woke"),
        _change(at[2] + 6, "a", "a1", "standby", "b claims it"),
        _change(at[3], "a", "a1", "leaving", "SIGTERM"),
        _change(at[4] + 2, "a", "a3", "claiming", "it woke"),
        _change(at[4] + 3, "a", "a3", "standby", "its shift has not begun"),
        _change(at[5] - 2, "b", "b2", "leaving", "SIGTERM"),
        _change(at[5], "a", "a3", "on_duty", "b released it"),
        _change(at[5] + 900, "b", "b3", "standby", "a is on duty"),
    ]


def _lives(now: float) -> dict[str, list[Any]]:
    return {
        "a1": ["a", int(now - 30 * HOUR_S), int(now - 11 * HOUR_S + 1), "v41"],
        "a3": ["a", int(now - 6 * HOUR_S), int(now), "v42"],
        "b1": ["b", int(now - 28 * HOUR_S), int(now - 13 * HOUR_S), "v41"],
        "b2": ["b", int(now - 12.9 * HOUR_S), int(now - 2.086 * HOUR_S), "v41"],
        "b3": ["b", int(now - 2.086 * HOUR_S + 890), int(now - 2), "v42"],
    }
