"""Scripts on a real pair: served once, by the twin on duty, and known on both."""

import re
import signal
from pathlib import Path

import pytest
from processes import Twin, twins, until

BOT = """
import os, time, schedule

def say(what):
    with open("course", "a") as course:
        course.write(f"{what} {os.environ['TWIN_NAME']}\\n")

def job():
    say("job")

schedule.every().second.do(job)
schedule.every().day.at("07:00", "Asia/Tokyo").do(job)
say("begins")
try:
    while True:
        schedule.run_pending()
        time.sleep(0.05)
finally:
    say("ends")
"""
CASES = Path(__file__).with_name("cases")
OFTEN = {
    "argv",
    "bare_except_spins",
    "blocks_polling",
    "event_loop_thread",
    "idle_seconds_in_job",
    "loop_does_work",
    "main_guard",
    "names_of_arguments",
    "run_all_between",
    "run_ends_too_early",
    "sigterm_handler",
    "sqlite_thread",
    "with_closes",
}
"""The cases that have a job every few seconds."""
NAMES = ["bot.job every 1s", "bot.job every day at 07:00 Asia/Tokyo"]


def start(a: Twin, b: Twin) -> None:
    """The first is on duty, the other stands by."""
    (a.directory / "bot.py").write_text(BOT)
    a.start()
    until(lambda: a.role() == "on_duty")
    b.start()
    until(lambda: b.role() == "standby" and a.status().get("watchers"))


def course(twin: Twin) -> list[str]:
    file = twin.directory / "course"
    return file.read_text().splitlines() if file.exists() else []


def names(twin: Twin) -> list[str]:
    return [job["name"] for job in twin.status().get("jobs", [])]


def slots(twin: Twin) -> list[str]:
    return re.findall(r"event=slot.started \S+ job=\"bot.job every 1s\" slot=(\S+)", twin.output)


def test_a_script_runs_on_the_twin_on_duty_alone_and_each_slot_once(tmp_path: Path) -> None:
    with twins(tmp_path, ON_WAKE="join", JOBS="bot.py", PYTHONWARNINGS="") as (a, b):
        start(a, b)
        until(lambda: course(a).count("job a") >= 2)
        assert "begins b" not in course(a)
        a.ends(signal.SIGTERM)
        until(lambda: course(a).count("job b") >= 2)
        b.ends(signal.SIGTERM)
        said = course(a)
        assert said.index("ends a") < said.index("begins b")
        both = slots(a) + slots(b)
        assert len(both) == len(set(both)) == sum(line.startswith("job") for line in said)


def test_both_pages_show_the_jobs_that_one_twin_runs(tmp_path: Path) -> None:
    with twins(tmp_path, ON_WAKE="join", JOBS="bot.py", PYTHONWARNINGS="") as (a, b):
        start(a, b)
        until(lambda: names(a) == NAMES)
        until(lambda: names(b) == NAMES)
        own, other = a.status()["jobs"], b.status()["jobs"]
        assert [job["schedule"] for job in own] == [job["schedule"] for job in other]
        assert other[1]["next"] == own[1]["next"]


def test_a_twin_that_is_killed_leaves_nothing_running(tmp_path: Path) -> None:
    with twins(tmp_path, ON_WAKE="join", JOBS="bot.py", PYTHONWARNINGS="") as (a, b):
        start(a, b)
        until(lambda: "job a" in course(a))
        assert a.process is not None
        a.process.kill()
        until(lambda: "job b" in course(a))
        after = course(a)[course(a).index("begins b") :]
        assert "job a" not in after


@pytest.mark.parametrize(
    ("environ", "text", "why"),
    [
        ({"TIMEZONE": "Asia/Tokyo"}, BOT, "'b' has the timezone Asia/Tokyo, 'a' UTC: set TIMEZONE"),
        ({}, BOT + "#", "'b' has another bot.py than 'a': deploy the same commit to both"),
        ({"JOBS": ""}, BOT, "only 'a' runs bot.py: set the same RUN and JOBS"),
    ],
)
def test_check_compares_the_twins(
    tmp_path: Path, environ: dict[str, str], text: str, why: str
) -> None:
    with twins(tmp_path, ON_WAKE="join", JOBS="bot.py", PYTHONWARNINGS="") as (a, b):
        (tmp_path / "jobs.py").unlink()
        b.environ.update(environ)
        a.directory = tmp_path / "a"
        a.directory.mkdir()
        (a.directory / "bot.py").write_text(BOT)
        (b.directory / "bot.py").write_text(text)
        a.start()
        until(lambda: a.role() == "on_duty")
        b.start()
        until(lambda: b.role() == "standby" and names(b) == NAMES)
        checked = a.command("check")
        assert checked.returncode == 1
        assert why in checked.stdout


def test_check_of_two_alike_finds_nothing(tmp_path: Path) -> None:
    with twins(tmp_path, ON_WAKE="join", JOBS="bot.py", PYTHONWARNINGS="") as (a, b):
        start(a, b)
        until(lambda: names(b) == NAMES)
        checked = a.command("check")
        assert checked.returncode == 0, checked.stdout
        assert ", ".join(NAMES) in checked.stdout


def test_a_job_that_was_cancelled_stays_so_until_it_has_another_schedule(tmp_path: Path) -> None:
    text = (CASES / "cancelled_for_ever.py").read_text()
    with twins(tmp_path, ON_WAKE="join", JOBS="once.py", PYTHONWARNINGS="") as (a, b):
        (tmp_path / "once.py").write_text(text)
        a.start()
        until(lambda: "event=job.cancelled twin=a job=once.job" in a.output)
        b.start()
        until(lambda: b.role() == "standby" and a.status().get("watchers"))
        a.ends(signal.SIGTERM)
        until(lambda: [job["state"] for job in b.status().get("jobs", [])] == ["cancelled"])
        until(lambda: "event=command.started" in b.output)
        a.environ["EVERY"] = "3"
        a.start()
        until(lambda: a.role() in ("on_duty", "standby"))
        b.ends(signal.SIGTERM)
        assert "one-time job ran" not in b.output
        until(lambda: a.output.count("one-time job ran") == 2)


def test_scripts_of_all_kinds_move_with_the_duty_at_once(tmp_path: Path) -> None:
    cases = sorted(CASES.glob("*.py"))
    jobs = ",".join(map(str, cases))
    with twins(tmp_path, ON_WAKE="join", JOBS=jobs, PYTHONWARNINGS="") as (a, b):
        a.start()
        until(lambda: a.role() == "on_duty")
        b.start()
        until(lambda: scripts_done_by(a) >= OFTEN)
        a.ends(signal.SIGTERM)
        until(lambda: scripts_done_by(b) >= OFTEN)
        assert a.output.count("state saved") == a.output.count("disconnect") == 1


def scripts_done_by(twin: Twin) -> set[str]:
    """The scripts of which it ran a job to its end."""
    jobs = twin.status().get("jobs", [])
    done = [job["name"] for job in jobs if (job["twin"], job["state"]) == (twin.name, "done")]
    return {name.partition(".")[0] for name in done}
