"""Scripts as people write them, of which each does what its head expects.

All run at once, and most have a job every 2 s. `run_ends_too_early` and `argv` are also tried with
the commands, `pair_differs` is with `check`, and `python311` passes where this runs on Python 3.11.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from processes import twins, until
from served import Served, served

from twin.core.pair.knowledge import Fate

CASES = Path(__file__).with_name("cases")
NAMES = sorted(path.name for path in CASES.glob("*.py"))


@pytest.fixture(scope="module")
def twin() -> Iterator[Served]:
    with served(CASES, *NAMES) as made:
        yield made


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("argv", "job ran"),
        ("bare_except_spins", "job ran"),
        ("blocks_polling", "job ran"),
        ("event_loop_thread", "sent"),
        ("fraction_of_second", "job ran"),
        ("idle_seconds_in_job", "the work itself"),
        ("jitter_of_one", "job ran"),
        ("loop_does_work", "handled messages"),
        ("main_guard", "job ran"),
        ("names_of_arguments", "sent"),
        ("python311", "job ran"),
        ("run_all_between", "crawl three"),
        ("run_ends_too_early", "working"),
        ("sigterm_handler", "job ran"),
        ("sqlite_thread", "rows"),
        ("with_closes", "sent"),
    ],
)
def test_its_jobs_run(twin: Served, name: str, words: str) -> None:
    twin.says(f"{name}.py", words, times=2)


def test_a_script_that_catches_everything_is_not_disturbed(twin: Served) -> None:
    assert "going on" not in twin.says("bare_except_spins.py", "job ran", times=2)


def test_what_uses_a_connection_of_the_scripts_thread_works(twin: Served) -> None:
    assert "rows 1\nrows 2\n" in twin.says("sqlite_thread.py", "rows 2")


def test_a_client_stays_open_while_its_jobs_run(twin: Served) -> None:
    assert "disconnect" not in twin.says("with_closes.py", "sent", times=2)


def test_a_job_that_is_cancelled_while_it_runs_has_run_once(twin: Served) -> None:
    twin.says("cancel_at_run_time.py", "mail sent")
    twin.says("main_guard.py", "job ran", times=5)
    assert twin.said("cancel_at_run_time.py").count("mail sent") == 1
    entry = twin.entry("cancel_at_run_time.job")
    assert entry is not None
    assert entry.fate is Fate.CANCELLED


def test_jobs_that_a_job_registers_run_each_time_anew(twin: Served) -> None:
    said = twin.says("jobs_of_jobs.py", "dawn", times=2)
    assert said.split("time for ")[1:4] == ["dawn\n", "noon\n", "dawn\n"]


def test_run_all_between_registrations_runs_what_is_there_by_then(twin: Served) -> None:
    said = twin.says("run_all_between.py", "crawl three", times=2)
    assert said.index("crawl one") < said.index("crawl two") < said.index("crawl three")
    assert len([job for job in twin.jobs() if job.startswith("run_all_between.")]) == 3


def test_irregular_intervals_of_1_to_2_are_irregular(twin: Served) -> None:
    twin.says("jitter_of_one.py", "job ran")
    assert (
        twin.jobs()["jitter_of_one.print every 1 to 2 days at 10:00 UTC"]
        == "every 1 to 2 days at 10:00 UTC"
    )
    assert twin.jobs()["jitter_of_one.print every 1s to 2s"] == "every 1s to 2s"


def test_parts_of_a_second_are_served_as_a_second_and_said(twin: Served) -> None:
    twin.says("fraction_of_second.py", "job ran")
    assert "event=jobs.rounded twin=a job=fraction_of_second.print" in twin.log.getvalue()
    assert "innocent job" not in twin.said("fraction_of_second.py")


def test_names_are_short_tell_jobs_apart_and_show_no_secret(twin: Served) -> None:
    twin.says("names_of_arguments.py", "sent")
    names = [name for name in twin.jobs() if name.startswith("names_of_arguments.")]
    assert names == ["names_of_arguments.send every 2s", "names_of_arguments.send every 2s #2"]
    assert "secret" not in twin.log.getvalue()


def test_times_are_those_of_the_zone_that_the_script_sets(twin: Served) -> None:
    assert "T09:00:00+07:00" in twin.says("tz_of_process.py", "library:")
    until(lambda: "tz_of_process.print" in twin.jobs())
    job = twin.node.look().jobs["tz_of_process.print"]
    slot = job.schedule.after(0)
    assert slot is not None
    assert datetime.fromtimestamp(slot, UTC).hour == 2


def test_zones_are_found_in_any_case(twin: Served) -> None:
    until(lambda: "zone_case.print every day at 12:42 UTC" in twin.jobs())
    assert "zone_case.print every day at 12:42 Europe/Amsterdam" in twin.jobs()


def test_cron_that_cannot_be_meant_so_names_the_field(twin: Served) -> None:
    twin.says("cron_messages.py", "the day-of-month 31 is in none of these months")
    twin.says("cron_steps.py", 'the minute "*/90" has a step beyond its end')


def test_no_zone_is_guessed_for_an_abbreviation(twin: Served) -> None:
    said = twin.says("zone_hints.py", "'CEST' is not a time zone")
    assert "EST?" not in said.replace("'CEST'", "")


def test_at_the_end_handlers_and_finally_are_run(tmp_path: Path) -> None:
    for name in ("sigterm_handler.py", "with_closes.py"):
        (tmp_path / name).write_text((CASES / name).read_text())
    with served(tmp_path, "sigterm_handler.py", "with_closes.py") as twin:
        twin.says("sigterm_handler.py", "job ran")
        twin.says("with_closes.py", "sent")
        twin.ends()
        assert twin.said("sigterm_handler.py").endswith("state saved\n")
        assert twin.said("with_closes.py").endswith("disconnect\n")


@pytest.mark.parametrize(
    ("name", "job", "words"),
    [
        ("argv.py", "argv.print", "job ran"),
        ("run_ends_too_early.py", "run_ends_too_early.Queue.put", "working"),
        ("bare_except_spins.py", "bare_except_spins.print", "job ran"),
        ("blocks_polling.py", "blocks_polling.print", "job ran"),
        ("event_loop_thread.py", "event_loop_thread.job", "sent"),
        ("idle_seconds_in_job.py", "idle_seconds_in_job.job", "the work itself"),
    ],
)
def test_run_runs_one_job_to_its_end(tmp_path: Path, name: str, job: str, words: str) -> None:
    with twins(tmp_path, JOBS=str(CASES / name), PYTHONWARNINGS="") as (a, _):
        ended = a.command("run", job)
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.splitlines()[-2] == words
        assert "state=done" in ended.stdout
