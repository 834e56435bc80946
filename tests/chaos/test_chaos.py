"""A short run of chaos, and tests that the judge notices broken promises."""

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from account import Account, Struck
from campaign import chaos
from faults import FAULTS, Stop
from real_pair import Pair, Ran
from report import Lag, Report
from witness import Witness

from twin.lab.collected import Line

FAULT = {fault.name: fault for fault in FAULTS}
# A long freeze and a deploy have their own tests among the end-to-end stories.
SHORT = tuple(
    fault for fault in FAULTS if fault.name != "holder frozen for long" and not fault.overlaps
)


def test_no_slot_is_lost_or_doubled_and_no_bound_broken_through_faults(tmp_path: Path) -> None:
    """`make chaos FAULTS=300` runs more faults, of all kinds."""
    seed = int(os.environ.get("SEED", "1"))
    report = Report(seed, tmp_path / "failures.log")
    run = chaos(report, tmp_path, faults=15, pairs=3, say=print, kinds=SHORT, early=0)
    asyncio.run(asyncio.wait_for(run, 240))
    assert not report.broken, str(report)


# ---- the judge, on made-up logs


def account(
    told: list[tuple[float, str, str]],
    runs: list[Ran],
    fault: str = "holder terminated",
    stops: list[Stop] | None = None,
) -> Account:
    """A pair's account: A is on duty from 100 on, B stands by, and a fault hits at 110.

    `told`: (time, source, text) of each line.
    """
    start = [
        (99.0, "twin-a[manager]", "event=dyno.up pid=1"),
        (99.0, "twin-b[manager]", "event=dyno.up pid=2"),
        (100.0, "twin-a[web.1]", "event=duty.taken term=7"),
        (100.0, "twin-b[web.1]", "event=standby.joined term=7"),
    ]
    served = [(run.slot, "twin-a[web.1]", _served(run.slot)) for run in runs]
    lines = [Line(n, *line) for n, line in enumerate([*start, *told, *served])]
    witness = Witness()
    for line in lines:
        witness.read(line)

    def matching(_: str) -> list[Line]:
        return [line for line in lines if "event=slot." in line.text]

    log = SimpleNamespace(lines=lines, matching=matching)
    pair = SimpleNamespace(runs=lambda: runs, platform=SimpleNamespace(log=log))
    struck = Struck(1, 1, FAULT[fault], "twin-a", 110.0, True, 111.0, 0.0, 130.0, True)
    return Account(cast(Pair, pair), witness, stops or [], [struck])


def _served(slot: int) -> str:
    return f"event=slot.ended state=done slot=1970-01-01T00:{slot // 60:02}:{slot % 60:02}Z"


def broken(account: Account, tmp_path: Path) -> list[str]:
    report = Report(1, tmp_path / "failures.log")
    report.add(account, Lag())
    assert (tmp_path / "failures.log").exists() == bool(report.broken)
    return report.tried[0].broken


EVERY_SECOND = [Ran(slot, 1) for slot in range(101, 121)]


def test_a_run_without_a_broken_promise_reports_success(tmp_path: Path) -> None:
    assert broken(account([], EVERY_SECOND), tmp_path) == []


def test_the_report_shows_a_lost_slot(tmp_path: Path) -> None:
    runs = [run for run in EVERY_SECOND if run.slot != 112]
    assert broken(account([], runs), tmp_path) == ["lost [112], doubled []"]


def test_a_slot_skipped_with_a_reason_is_not_lost(tmp_path: Path) -> None:
    second = "1970-01-01T00:01:52Z"
    text = f'event=slot.skipped job=tick slot={second} last={second} because="late"'
    runs = [run for run in EVERY_SECOND if run.slot != 112]
    assert broken(account([(113.0, "twin-a[web.1]", text)], runs), tmp_path) == []


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("holder terminated", ["lost [], doubled [112]"]),
        ("holder deployed, overlap", ["lost [], doubled [112]"]),
        ("both deployed, overlap", []),
        ("cut off both ways", []),
    ],
)
def test_only_a_cut_or_crossing_boots_excuse_a_slot_that_ran_twice(
    tmp_path: Path, fault: str, what: list[str]
) -> None:
    assert broken(account([], [*EVERY_SECOND, Ran(112, 2)], fault), tmp_path) == what


@pytest.mark.parametrize(("watched", "excused"), [(True, False), (False, True)])
def test_a_slot_doubled_by_a_death_is_excused_only_without_a_watch(
    tmp_path: Path, watched: bool, excused: bool
) -> None:
    watch = 'method=GET path="/watch" host=x service=9000ms status=499'
    told = [(112.1, "twin-a[router]", watch)] if watched else []
    runs = [*EVERY_SECOND, Ran(112, 2)]
    made = account(told, runs, stops=[Stop(112.05, "twin-a", 1)])
    assert (broken(made, tmp_path) == []) is excused


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ([(110.0, "a", "duty.released term=7"), (111.0, "b", "duty.taken term=8")], "for 1.00 s"),
        ([(115.0, "a", "duty.lost term=8"), (124.0, "b", "duty.taken term=8")], "for 9.00 s"),
        ([(115.0, "b", "duty.taken term=8"), (116.0, "a", "duty.lost term=8")], "two on duty"),
    ],
)
def test_the_report_shows_a_broken_bound(
    tmp_path: Path, told: list[tuple[float, str, str]], what: str
) -> None:
    lines = [(at, f"twin-{app}[web.1]", f"event={text}") for at, app, text in told]
    found = broken(account(lines, EVERY_SECOND), tmp_path)
    assert len(found) == 1
    assert what in found[0]


@pytest.mark.parametrize(("dies", "left"), [("1", 112000), ("2", 100000)])
def test_the_death_of_one_of_two_boots_ends_only_its_own_claim(dies: str, left: int) -> None:
    witness = Witness()
    for number, (at, part, text) in enumerate(
        [
            (99.0, "manager", "event=dyno.up pid=1"),
            (100.0, "web.1", "event=duty.taken term=100000"),
            (110.0, "manager", "event=dyno.up pid=2"),
            (112.0, "web.1", "event=duty.taken term=112000"),
            (113.0, "manager", f"event=dyno.exited pid={dies}"),
        ]
    ):
        witness.read(Line(number, at, f"twin-a[{part}]", text))
    assert list(witness.holding) == [left]
    assert [round(span.seconds) for span in witness.shared(0, 200)] == [1]


@pytest.mark.parametrize(
    ("dies", "lost", "excused"),
    [
        (("a", "b"), range(112, 119), True),
        (("a", "b"), range(112, 114), False),
        (("a",), range(112, 119), True),
    ],
)
def test_slots_are_forgotten_until_a_script_has_begun(
    tmp_path: Path, dies: tuple[str, ...], lost: range, excused: bool
) -> None:
    told = [
        (116.0, f"twin-{app}[manager]", f"event=dyno.exited pid={'ab'.index(app) + 1}")
        for app in dies
    ]
    told.append((117.0, "twin-b[web.1]", "event=duty.taken term=117000"))
    runs = [run for run in EVERY_SECOND if run.slot not in lost]
    made = account(told, runs, stops=[Stop(111.5 if len(dies) == 1 else 116.0, "twin-a", 1)])
    assert any("lost [112" in each for each in broken(made, tmp_path)) is not excused


def test_knowledge_held_by_a_dead_twin_alone_is_forgotten() -> None:
    told = [
        (105.0, "twin-a[manager]", "event=dyno.exited pid=1"),
        (106.0, "twin-b[manager]", "event=dyno.exited pid=2"),
        (109.0, "twin-b[web.1]", "event=duty.taken term=109000"),
    ]
    witness = account(told, EVERY_SECOND).witness
    assert witness.forgotten(100, 200) == [(106.0, 109.0)]
    assert witness.vacancies(101, 200) == [(105.0, 109.0)]
