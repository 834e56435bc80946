"""What `plan` says of a configuration: in tables, in sentences and as JSON."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from processes import Twin, until

from twin.commands.advice import advice
from twin.commands.cli import run
from twin.commands.plan import Question, as_on, other_ways, plan, savings
from twin.commands.planned import Plan, Savings
from twin.commands.shown import as_json, text
from twin.core.pair.shift import Shift, parse_shift
from twin.core.pair.state import Rules
from twin.core.schedule.job import Job
from twin.core.schedule.schedules import every
from twin.core.zones import zone
from twin.hosts import HOSTS, OFFERS, Offer, offer_of
from twin.settings.settings import SettingsError, read_settings
from twin.sim.month import Month, Pair, simulate

ECO, BASIC, RENDER = OFFERS
UTC = zone("UTC")
SCALED = {"SCALE_TARGET": "my-app", "SCALE_TIMETABLE": "07:00=3 22:00=2 03:00=1"}
TEN = Job("ten", every("10m", None, "UTC"))


@pytest.fixture(autouse=True)
def without_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def question(offer: Offer = ECO, days: int = 2, as_json: bool = True) -> Question:
    return Question(offer.key, days, seed=1, price=None, as_json=as_json)


def pair(
    offer: Offer = ECO, asleep: bool = False, shift: Shift | None = None, days: int = 31
) -> Pair:
    return Pair(("a", "b"), Rules(shift=shift), asleep, {"ten": TEN}, offer, days)


def made(of: Pair, saved: tuple[Savings, ...] = ()) -> Plan:
    others = tuple((name, simulate(way)) for name, way in other_ways(of, UTC))
    return Plan(simulate(of), others, saved)


def saved(month: Month, price: float | None = None, **environ: str) -> tuple[Savings, ...]:
    settings = read_settings(as_on(month.pair.offer, {**SCALED, **environ}))
    return savings(settings, month, price)


# ---- commands


def test_a_command_runs_as_long_as_a_twin_is_on_duty(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(question(as_json=False), {"RUN": "node bot.js"}) == 0
    told = capsys.readouterr().out
    assert re.search(r"^COMMAND +HOURS +MOVES\nnode +4[78]\.\d +\d+$", told, re.M), told
    assert plan(question(), {"RUN": "node bot.js"}) == 0
    assert json.loads(capsys.readouterr().out)["commands"] == ["node"]


# ---- what it asks for


def test_nothing_needs_to_be_set_before_a_plan_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    for offer in OFFERS:
        assert plan(question(offer), SCALED) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["host"] == offer.key
        assert [job["name"] for job in told["jobs"]] == ["twin.scale.my-app/web"]
        assert [twin["twin"] for twin in told["twins"]] == ["this twin", "its peer"]


def test_what_is_wrong_is_said_though_a_plan_does_not_use_it() -> None:
    wrong = {"STANDBY": "aslep", "PEER_URL": "x y", "BASIC_AUTH_USERNAME": "a:b"}
    with pytest.raises(SettingsError) as error:
        plan(question(), wrong)
    assert len(error.value.problems) == 3


def test_a_key_that_cannot_be_one_is_said_in_a_sentence() -> None:
    with pytest.raises(SettingsError, match="SCALE_API_KEY"):
        plan(question(), {**SCALED, "SCALE_API_KEY": "a b"})


def test_settings_are_checked_as_the_planned_host_would_have_them() -> None:
    environ = {"DYNO": "web.1", "SELF_PING": "20m"}
    assert read_settings(as_on(ECO, environ)).self_ping_s == 1200
    with pytest.raises(SettingsError, match="Render puts an app to sleep after 15m"):
        read_settings(as_on(RENDER, environ))


def test_a_twin_is_called_as_it_is_where_that_is_known() -> None:
    told = {"HEROKU_APP_NAME": "first"}
    assert read_settings(as_on(ECO, told)).name == "first"
    assert read_settings(as_on(ECO, {**told, "TWIN_NAME": "a"})).name == "a"


def test_the_host_is_the_one_that_this_runs_on_else_heroku_eco() -> None:
    heroku, render = HOSTS
    assert offer_of({heroku.sign: "web.1"}) is ECO
    assert offer_of({render.sign: "true"}) is RENDER
    assert offer_of({}) is ECO


def test_an_offer_sleeps_as_its_host_does_or_never() -> None:
    assert [offer.sleeps_after_s for offer in OFFERS] == [30 * 60, None, 15 * 60]


# ---- what it says


def test_two_always_awake_on_eco_are_dry_on_day_21_and_told_what_fits() -> None:
    told = text(made(pair()))
    flat = " ".join(told.split())
    assert "48 h a day use up the 1000 h" in flat
    assert "on day 21 (1000 / 48 = 20.8 days)" in flat
    assert "STANDBY=asleep SHIFT=00:00-12:00 (SHIFT=12:00-00:00 on the other twin) fits" in flat
    assert "one twin awake at a time needs 744 h" in flat
    assert "Heroku Basic, $7 for each twin" in flat


def test_on_render_only_a_sleeping_standby_without_shifts_fits() -> None:
    told = as_json(made(pair(RENDER)))
    assert told["dry_on_day"] == 16
    dry = {name: way["dry_on_day"] for name, way in told["other_ways"].items()}
    assert dry == {"STANDBY=asleep": None, "STANDBY=asleep SHIFT=00:00-12:00": 31}
    assert told["advice"][1].startswith("STANDBY=asleep fits, with 744 h")


def test_where_no_way_fits_none_is_recommended() -> None:
    tiny = replace(ECO, budget_h=700)
    said = advice(made(pair(tiny)))
    assert not any("fits, with" in one for one in said)
    assert "What needs none of this" in said[1]


def test_what_fits_is_told_what_is_left_and_what_the_other_shift_is() -> None:
    told = made(pair(asleep=True, shift=parse_shift("08:00-20:00", UTC)))
    said = advice(told)
    assert said[0].startswith("It fits: 224 of the 1000 h")
    assert said[1] == (
        "The other twin has the rest of the day: SHIFT=20:00-08:00 there, all else the same."
    )
    assert [name for name, _ in told.others] == ["STANDBY=asleep"]


def test_a_standby_that_sleeps_through_daily_restarts_is_told_of_shifts() -> None:
    said = advice(made(pair(asleep=True)))
    assert said[1].startswith("The host starts every app anew once a day.")
    assert "With STANDBY=asleep SHIFT=00:00-12:00" in said[1]
    assert said[-1].endswith("wakes it for 30m.")


def test_a_slot_that_is_run_twice_by_design_is_explained() -> None:
    told = made(replace(pair(asleep=True), jobs={"ten": replace(TEN, catch_up=True)}))
    assert sum(job.doubled for job in told.month.jobs) > 0
    (said,) = [one for one in advice(told) if one.startswith("TWICE is by design")]
    assert "a job with catch_up" in said
    assert not any("TWICE" in one for one in advice(made(pair(asleep=True))))


def test_where_hours_are_not_counted_there_is_nothing_to_weigh() -> None:
    told = made(pair(BASIC))
    assert told.others == ()
    assert advice(told)[0] == (
        "Heroku Basic never sleeps and counts no hours. A month costs $14, $7 for each twin."
    )
    assert "1488.0" in text(told)


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.key)
def test_its_lines_are_aligned_and_at_most_100_columns_wide(offer: Offer) -> None:
    of = pair(offer)
    long = replace(TEN, name="a_module_of_jobs.with_a_function_of_a_very_long_name")
    of = replace(of, names=("x" * 60, "b"), jobs={long.name: long})
    told = text(made(of, saved(simulate(of), price=0.5)))
    assert max(map(len, told.splitlines())) <= 100
    for table in told.split("\n\n")[1:-1]:
        assert len({len(line) for line in table.splitlines()}) == 1


# ---- what the timetable saves


def test_a_month_of_59_dyno_hours_a_day_saves_13_of_72() -> None:
    (told,) = saved(simulate(pair(BASIC)))
    assert (told.hours, told.always_h, told.saved_h) == (31 * 59, 31 * 72, 31 * 13)
    assert told.stays_at is None


def test_its_price_is_told_only_if_it_is_known() -> None:
    month = simulate(pair(BASIC))
    told = Plan(month, (), saved(month, price=0.5))
    assert "$201.50" in text(told)
    assert as_json(told)["scaling"][0]["dollars_saved"] == 201.5
    assert "$2" not in text(Plan(month, (), saved(month)))


def test_nobody_scales_once_the_hours_are_used_up() -> None:
    month = simulate(pair(ECO))
    (told,) = saved(month)
    # 20 days and 20 hours by the timetable (day 21: 4 at 1, 3 at 2, 13 at 3), then 3 for good.
    by_timetable = 20 * 59 + 3 * 2 + 4 * 1 + 13 * 3
    assert told.hours == pytest.approx(by_timetable + 244 * 3)
    assert "stays at 3" in " ".join(text(Plan(month, (), (told,))).split())


def test_without_a_timetable_nothing_is_said_of_savings() -> None:
    month = simulate(pair(days=2))
    assert saved(month, SCALE_TIMETABLE="", PROBE_URL="https://my-app.example") == ()
    assert saved(month, SCALE_TARGET="", SCALE_TIMETABLE="") == ()
    assert as_json(Plan(month, (), ()))["scaling"] == []


# ---- the command

RUNS = "running jobs up to its loop, to see its jobs\n"


def test_plan_reads_the_jobs_of_the_configuration(lonely: Twin) -> None:
    ended = lonely.command(
        "plan", "--days", "1", "--json", BASIC_AUTH_USERNAME="", BASIC_AUTH_PASSWORD=""
    )
    assert (ended.returncode, ended.stderr) == (0, RUNS)
    jobs = json.loads(ended.stdout)["jobs"]
    assert [(job["name"], job["slots"], job["run"]) for job in jobs] == [
        (name, 24, 24) for name in ("good", "bad", "exits", "exits-well")
    ]


def test_plan_takes_the_jobs_from_a_twin_that_runs_the_same_files(lonely: Twin) -> None:
    lonely.start()
    until(lambda: len(lonely.status().get("jobs", ())) == 4)
    ended = lonely.command("plan", "--days", "1", "--json")
    assert ended.stderr.endswith(f"the jobs are those that {lonely.url} runs\n")
    told = [(job["name"], job["schedule"], job["run"]) for job in json.loads(ended.stdout)["jobs"]]
    assert told == [(name, "every 1h", 24) for name in ("good", "bad", "exits", "exits-well")]
    with (lonely.directory / "jobs.py").open("a") as jobs:
        jobs.write("@every('2h', name='new')\ndef new(): ...\n")
    ended = lonely.command("plan", "--days", "1", "--json")
    other = f"{lonely.url} runs other files, or in another TIMEZONE\n"
    assert ended.stderr.endswith(other + RUNS)
    assert json.loads(ended.stdout)["jobs"][-1]["name"] == "new"


def test_plan_of_jobs_that_cannot_be_read_says_why(lonely: Twin) -> None:
    ended = lonely.command("plan", JOBS="nothing")
    assert ended.returncode == 1
    assert "No module named nothing" in ended.stderr
    assert "nothing: it ended with status 1, before its jobs were known" in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_who_reads_no_further_hears_no_complaint(lonely: Twin, unbuffered: str) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with open(writes, "wb") as nobody:  # noqa: PTH123 - it has no path
        ended = subprocess.run(
            [sys.executable, "-m", "twin", "plan", "--days", "1"],
            env={**lonely.settings, "BASIC_AUTH_PASSWORD": "", "PYTHONUNBUFFERED": unbuffered},
            cwd=lonely.directory,
            stdout=nobody,
            stderr=subprocess.PIPE,
        )
    assert (ended.returncode, ended.stderr.decode()) == (1, RUNS)


def test_what_a_jobs_file_prints_does_not_spoil_the_json(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loud.py").write_text("print('here I am')\n")
    assert plan(question(), {"JOBS": str(tmp_path / "loud.py")}) == 0
    said = capfd.readouterr()
    json.loads(said.out)
    assert "here I am" in said.err


def test_the_same_command_says_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STANDBY", "asleep")
    said = []
    for seed in ("3", "3", "4"):
        assert run(["plan", "--days", "9", "--seed", seed]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert said[0].splitlines()[1:] != said[2].splitlines()[1:]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--days", "32"], "'32': give a whole number from 1 to 31"),
        (["--days", "2.5"], "'2.5': give a whole number from 1 to 31"),
        (["--seed", "x"], "'x': give a whole number from 0 to 999999999"),
        (["--price", "-3"], "'-3': give a number from 0 to 1000"),
        (["--price", "cheap"], "'cheap': give a number from 0 to 1000"),
        (["--price", "nan"], "'nan': give a number from 0 to 1000"),
        (["--host", "moon"], "moon"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_what_would_make_some(
    wrong: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(["plan", *wrong])
    assert told in capsys.readouterr().err
