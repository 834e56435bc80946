"""Jobs files as people write them, loaded from a folder of the test's own."""

import io
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest
import schedule

import twin
from twin.core.pair.bounds import JOBS, NAME_BYTES, json_bytes
from twin.core.schedule.job import Run
from twin.log import Log
from twin.worker.jobsfile import JobsError, Scheduled, load

LOOP = """
import time
import schedule

def post(): ...

schedule.every(10).minutes.do(post)

while True:
    schedule.run_pending()
    time.sleep(1)

schedule.every(5).minutes.do(post)
"""


class Folder:
    """Where jobs files are written and loaded, with what was logged meanwhile."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = io.StringIO()

    def write(self, text: str, name: str = "jobs.py") -> None:
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(dedent(text))

    def load(self, *names: str, timezone: str = "UTC") -> list[Scheduled]:
        return load(names or ["jobs.py"], timezone, Log("a", self.log))

    def jobs(self, text: str, timezone: str = "UTC") -> list[Scheduled]:
        self.write(text)
        return self.load(timezone=timezone)

    def problems(self, *names: str, timezone: str = "UTC") -> tuple[str, ...]:
        with pytest.raises(JobsError) as raised:
            self.load(*names, timezone=timezone)
        assert str(raised.value) == "\n".join(raised.value.problems)
        return raised.value.problems

    def problem(self, text: str, timezone: str = "UTC") -> str:
        self.write(text)
        (problem,) = self.problems(timezone=timezone)
        return problem


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    # A file that is written twice within a second would be read from the cache of the first.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield Folder(tmp_path)
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(
            sys.modules[name].__file__
        ):
            del sys.modules[name]


def names(jobs: list[Scheduled]) -> list[str]:
    return [each.job.name for each in jobs]


def texts(jobs: list[Scheduled]) -> list[str]:
    return [str(each.job.schedule) for each in jobs]


def a_run(job: Scheduled) -> Run:
    return Run(job.job, datetime(2026, 11, 21, tzinfo=UTC), 7, timedelta(0), lambda: None)


# ---- scripts for the library


def test_a_script_for_the_library_works_unchanged(folder: Folder) -> None:
    jobs = folder.jobs("""
        import schedule
        from schedule import every, repeat

        def post(): ...
        def digest(): ...

        schedule.every(10).minutes.do(post).tag("web")
        schedule.every().day.at("07:00", "Asia/Tokyo").do(digest)

        @repeat(every().monday.at("09:30:15"))
        def weekly(): ...
    """)
    assert [*zip(names(jobs), texts(jobs), strict=True)] == [
        ("jobs.post", "every 10m"),
        ("jobs.digest", "every day at 07:00 Asia/Tokyo"),
        ("jobs.weekly", "every Monday at 09:30:15 UTC"),
    ]


@pytest.mark.parametrize(
    ("chain", "text"),
    [
        ("every().second", "every 1s"),
        ("every(90).seconds", "every 1m30s"),
        ("every(0.5).minutes", "every 30s"),
        ("every(2).hours", "every 2h"),
        ("every().hour.at(':15')", "every 1h at 15:00 Asia/Kolkata"),
        ("every(2).hours.at('15:30')", "every 2h at 15:30 Asia/Kolkata"),
        ("every().hour.at(':15', 'Asia/Tokyo')", "every 1h at 15:00 Asia/Tokyo"),
        ("every().minute.at(':20')", "every 1m at :20"),
        ("every().day", "every day at 00:00 Asia/Kolkata"),
        ("every(0.5).days", "every 12h"),
        ("every().day.at('07:00')", "every day at 07:00 Asia/Kolkata"),
        ("every(3).days.at('07:00', 'UTC')", "every 3 days at 07:00 UTC"),
        ("every().week", "every Monday at 00:00 Asia/Kolkata"),
        ("every(2).weeks", "every 2 weeks on Monday at 00:00 Asia/Kolkata"),
        ("every().friday", "every Friday at 00:00 Asia/Kolkata"),
        ("every().sunday.at('12:00')", "every Sunday at 12:00 Asia/Kolkata"),
        ("every(5).to(10).minutes", "every 5m to 10m"),
        ("every(1).to(3).days", "every 1d to 3d"),
        ("every(1).to(3).days.at('07:00')", "every 1 to 3 days at 07:00 Asia/Kolkata"),
        (
            "every().hour.until('2099-01-01 12:00')",
            "every 1h until 2099-01-01 12:00 Asia/Kolkata",
        ),
    ],
)
def test_each_form_of_the_library_has_its_slots(folder: Folder, chain: str, text: str) -> None:
    script = f"import schedule\nschedule.{chain}.do(print)\n"
    assert texts(folder.jobs(script, "Asia/Kolkata")) == [text]


def test_a_job_is_called_with_its_arguments_and_its_answer_is_returned(folder: Folder) -> None:
    (job,) = folder.jobs("""
        import schedule
        schedule.every().hour.do(lambda *args, **kw: (args, kw), 1, run="own")
    """)
    assert job.call(a_run(job)) == ((1,), {"run": "own"})


@pytest.mark.parametrize(
    ("answer", "ends"), [("schedule.CancelJob", True), ("schedule.CancelJob()", True), ("1", False)]
)
def test_a_job_may_ask_to_run_no_more(folder: Folder, answer: str, ends: bool) -> None:
    (job,) = folder.jobs(f"import schedule\nschedule.every().hour.do(lambda: {answer})")
    assert Scheduled.ends(job.call(a_run(job))) is ends


def test_jobs_of_schedulers_that_no_name_leads_to_are_found(folder: Folder) -> None:
    assert names(
        folder.jobs("""
            import schedule
            def post(): ...
            schedule.Scheduler().every().hour.do(post)
        """)
    ) == ["jobs.post"]


def test_a_job_that_was_cancelled_again_is_none(folder: Folder) -> None:
    jobs = folder.jobs("""
        import schedule
        def post(): ...
        def digest(): ...
        schedule.every().hour.do(post).tag("old")
        schedule.every().hour.do(digest)
        schedule.clear("old")
    """)
    assert names(jobs) == ["jobs.digest"]


@pytest.mark.parametrize("end", ["'2020-01-01'", "datetime(2020, 1, 1, tzinfo=timezone.utc)"])
def test_a_deadline_that_has_passed_ends_the_slots_and_not_the_twin(
    folder: Folder, end: str
) -> None:
    (job,) = folder.jobs(f"""
        from datetime import datetime, timezone
        import schedule
        schedule.every().day.until({end}).do(print)
    """)
    assert job.job.schedule.after(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) is None
    last = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    assert job.job.schedule.latest(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) == last


def test_a_deadline_in_hours_is_the_same_moment_in_every_zone(folder: Folder) -> None:
    script = """
        from datetime import timedelta
        import schedule
        schedule.every().second.until(timedelta(days=1000)).do(print)
    """
    ends = [folder.jobs(script, zone)[0].job.schedule.latest(4e9) for zone in ("UTC", "Asia/Tokyo")]
    assert ends[0] is not None
    assert ends[1] is not None
    assert abs(ends[0] - ends[1]) < 60


def test_irregular_intervals_are_drawn_from_the_name_of_the_job(folder: Folder) -> None:
    script = """
        import schedule
        def post(): ...
        def digest(): ...
        schedule.every(5).to(50).minutes.do(post)
        schedule.every(5).to(50).minutes.do(digest)
    """
    first, second = ([job.job.schedule.after(10**9) for job in folder.jobs(script)] for _ in "12")
    assert first == second
    assert first[0] != first[1]


# ---- their own loops


def test_a_loop_of_the_scripts_own_ends_the_file_with_a_warning(folder: Folder) -> None:
    assert texts(folder.jobs(LOOP)) == ["every 10m"]
    assert "jobs.py:10 runs schedule's own loop; Twin runs the jobs itself" in folder.log.getvalue()
    assert "remove the loop" in folder.log.getvalue()


@pytest.mark.parametrize(
    "call",
    [
        "schedule.run_all()",
        "schedule.idle_seconds()",
        "mine.run_pending()",
        "mine.run_all(3)",
        "mine.idle_seconds",
    ],
)
def test_every_way_to_run_the_jobs_ends_the_file(folder: Folder, call: str) -> None:
    script = f"""
        import schedule
        mine = schedule.Scheduler()
        mine.every().hour.do(print)
        try:
            {call}
        except Exception:
            pass
        mine.every().day.do(print)
    """
    assert texts(folder.jobs(script)) == ["every 1h"]
    assert "jobs.py:6" in folder.log.getvalue()


def test_a_loop_for_running_by_hand_is_not_met(folder: Folder) -> None:
    text = LOOP.replace("while True:", 'while __name__ == "__main__":')
    assert texts(folder.jobs(text)) == ["every 10m", "every 5m"]
    assert folder.log.getvalue() == ""


def test_a_loop_on_a_thread_ends_quietly_and_is_told_of_once(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # pytest reports what Python's own hook passes over in silence.
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    folder.jobs("""
        import threading
        import schedule

        ran = []
        schedule.every().second.do(ran.append, 1)

        def loop():
            while True:
                schedule.run_pending()

        for _ in range(2):
            thread = threading.Thread(target=loop)
            thread.start()
            thread.join()
    """)
    assert folder.log.getvalue().count("jobs.py:10 runs schedule's own loop") == 1
    assert "that thread was ended" in folder.log.getvalue()
    assert capfd.readouterr().err == ""
    assert sys.modules["jobs"].ran == []


def test_a_job_that_registers_another_later_is_told_that_it_never_runs(folder: Folder) -> None:
    (job,) = folder.jobs("""
        import schedule
        def more():
            schedule.every().hour.do(print)
        schedule.every().hour.do(more)
    """)
    job.call(a_run(job))
    assert "jobs.py:4 registers a job after loading: that job never runs" in folder.log.getvalue()


# ---- Twin's own words


def test_the_shorter_forms(folder: Folder) -> None:
    jobs = folder.jobs(
        """
        from twin import every, cron, at

        @every("10m")
        def post(): return "posted"

        @cron("0 7 * * mon-fri", timezone="Asia/Tokyo", grace="1h", timeout="2h", catch_up=True)
        def digest(): ...

        @at("2026-12-24 18:00", name="greeting")
        def greet(): ...

        assert post() == "posted"
        """,
        "Europe/Berlin",
    )
    assert [*zip(names(jobs), texts(jobs), strict=True)] == [
        ("jobs.post", "every 10m"),
        ("jobs.digest", "cron 0 7 * * mon-fri Asia/Tokyo"),
        ("greeting", "at 2026-12-24 18:00 Europe/Berlin"),
    ]
    options = [(each.job.grace_s, each.job.timeout_s, each.job.catch_up) for each in jobs]
    assert options == [(300, 3_600, False), (3_600, 7_200, True), (300, 3_600, False)]


@pytest.mark.parametrize(
    ("signature", "answer"),
    [
        ("", "None"),
        ("run", "run"),
        ("what", "what"),
        ("what, /", "what"),
        ("*, run", "run"),
        ("run=None", "run"),
        ("size=3, run=None", "run"),
        ("size=3", "None"),
        ("*args, **kw", "None"),
    ],
)
def test_a_job_is_given_its_run_if_it_takes_it(folder: Folder, signature: str, answer: str) -> None:
    (job,) = folder.jobs(f"""
        from twin import every
        @every("1h")
        def post({signature}): return {answer}
    """)
    run = a_run(job)
    assert job.call(run) is (run if answer != "None" else None)


def test_both_kinds_of_job_may_stand_in_one_file(folder: Folder) -> None:
    jobs = folder.jobs("""
        import schedule
        from twin import every
        @every("1h")
        def post(): ...
        schedule.every().day.do(post)
    """)
    assert names(jobs) == ["jobs.post every day at 00:00 UTC", "jobs.post every 1h"]


def test_importing_twin_imports_nothing_else_until_it_is_asked() -> None:
    assert twin.every is sys.modules["twin.worker.declared"].every
    with pytest.raises(AttributeError, match="no attribute 'evry'"):
        twin.evry  # type: ignore[attr-defined]  # noqa: B018


# ---- names


def test_jobs_of_one_function_are_told_apart_by_what_both_twins_have(folder: Folder) -> None:
    jobs = folder.jobs("""
        import schedule
        from functools import partial
        from twin import every

        def post(*args, **kw): ...

        class Bot:
            def post(self): ...

        def make():
            def inner(): ...
            return inner

        schedule.every().hour.do(post, "tokyo", n=1)
        schedule.every().hour.do(post, "paris")
        schedule.every(5).minutes.do(post, "paris")
        schedule.every(5).minutes.do(post, "paris")
        schedule.every().hour.do(Bot().post)
        schedule.every().hour.do(make())
        schedule.every().hour.do(lambda: 1)
        schedule.every().day.do(lambda: 2)
        schedule.every().day.do(partial(partial(post), "rome"))
        every("1h")(partial(make))
        schedule.every().hour.do(make, object())
        schedule.every(2).hours.do(make, object())
    """)
    assert names(jobs) == [
        "jobs.post tokyo, n=1",
        "jobs.post paris every 1h",
        "jobs.post paris every 5m",
        "jobs.post paris every 5m #2",
        "jobs.Bot.post",
        "jobs.inner",
        "jobs.lambda every 1h",
        "jobs.lambda every day at 00:00 UTC",
        "jobs.post rome",
        "jobs.make every 1h",
        "jobs.make every 2h",
        "jobs.make every 1h #2",
    ]


def test_a_name_that_is_too_long_to_be_sent_ends_in_a_digest_and_the_log_says_so(
    folder: Folder,
) -> None:
    jobs = folder.jobs("""
        import schedule
        for end in "ab":
            schedule.every().hour.do(print, "x" * 5_000 + end)
        schedule.every().hour.do(len, "")
    """)
    one, other, short = names(jobs)
    assert one != other
    assert [json_bytes(name) <= NAME_BYTES for name in (one, other)] == [True, True]
    assert short == "jobs.len"
    (line,) = folder.log.getvalue().splitlines()
    assert "event=jobs.name_cut" in line
    assert " count=2 " in line


def test_more_jobs_than_a_pair_can_tell_of_are_an_error(folder: Folder) -> None:
    problem = folder.problem(f"""
        import schedule
        for number in range({JOBS + 1}):
            schedule.every().hour.do(print, number)
    """)
    assert problem.startswith(f"there are {JOBS + 1} jobs")
    assert problem.endswith(f"register {JOBS} at most")


def test_a_name_given_twice_is_an_error(folder: Folder) -> None:
    problem = folder.problem("""
        from twin import every
        @every("1h", name="post")
        def one(): ...
        @every("2h", name="post")
        def two(): ...
    """)
    assert problem == 'jobs.py:5: the name "post" is taken: choose another'


# ---- several files, modules, and loading again


def test_files_and_modules_may_be_mixed(folder: Folder) -> None:
    script = "import schedule\ndef post(): ...\nschedule.every().hour.do(post)\n"
    folder.write("", "pkg/__init__.py")
    folder.write(script, "pkg/mod.py")
    folder.write(script, "plain.py")
    folder.write(script, "more/json.py")
    json = sys.modules.get("json")
    jobs = folder.load("plain", "pkg.mod", str(folder.path / "more" / "json.py"))
    assert names(jobs) == ["plain.post", "pkg.mod.post", "json.post"]
    assert sys.modules.get("json") is json


def test_loading_again_reads_the_files_anew(folder: Folder) -> None:
    folder.write("import schedule\nschedule.every().hour.do(print)", "beside.py")
    folder.write("import beside\nfrom twin import every\nevery('1h')(print)\n")
    folder.write("import schedule\nschedule.every(3).hours.do(print)", "mod.py")
    first = folder.load("jobs.py", "mod")
    assert len(first) == 3
    assert names(folder.load("jobs.py", "mod")) == names(first)
    folder.write("import schedule\nschedule.every(4).hours.do(print)", "mod.py")
    assert texts(folder.load("mod")) == ["every 4h"]


def test_a_file_without_jobs_is_told_of(folder: Folder) -> None:
    assert folder.jobs("import schedule") == []
    assert 'event=jobs.none twin=a file=jobs.py because="it registers no job"' in (
        folder.log.getvalue()
    )
    assert load([], "UTC", Log("a", folder.log)) == []


# ---- mistakes


def test_the_problems_of_all_files_are_told_together(folder: Folder) -> None:
    folder.write("x = (", "one.py")
    folder.write("x = 1\nnothing", "two.py")
    folder.write(LOOP, "three.py")
    one, two, three = folder.problems("one.py", "two", "three.py", "four.py")
    assert one == "one.py:1: '(' was never closed: correct the line"
    assert two.startswith("two.py:2: NameError: name 'nothing' is not defined: the file must")
    assert three.startswith(f'there is no file "{folder.path}/four.py": set JOBS to')


@pytest.mark.parametrize("name", ["absent", "absent.mod", "folder"])
def test_a_module_that_does_not_exist_is_named(folder: Folder, name: str) -> None:
    (folder.path / "folder").mkdir()
    (problem,) = folder.problems(name)
    assert problem.startswith(f'there is no module "{name}" in {folder.path} or among')


def test_a_package_that_fails_to_import_another_is_not_taken_for_missing(folder: Folder) -> None:
    folder.write("import not_installed", "pkg/__init__.py")
    folder.write("", "pkg/mod.py")
    assert folder.problems("pkg.mod") == (
        "__init__.py:1: No module named 'not_installed': "
        "add what provides it to requirements.in, then `make lock`",
    )


def test_the_line_of_a_problem_is_the_users_own(folder: Folder) -> None:
    folder.write("import json\n\ndef read():\n    json.loads(None)\n", "beside.py")
    assert folder.problem("import beside\nbeside.read()").startswith("beside.py:4: TypeError:")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("schedule.every(0).seconds.do(print)", "every(0).seconds is out of range"),
        ("schedule.every(-1).minutes.do(print)", "every(-1).minutes is out of range"),
        ("schedule.every(1.5).seconds.do(print)", "every(1.5).seconds is not a whole number"),
        ("schedule.every(1.5).hours.at(':15').do(print)", "use a smaller unit"),
        ("schedule.every(10).to(5).hours.do(print)", "`latest` is greater than `interval`"),
        ("schedule.every().do(print)", "Invalid unit (valid units are `seconds`"),
        ("schedule.every().day.at('7:00').do(print)", "Invalid time format for a daily job"),
        ("schedule.every().day.at('07:00', 'Asia/Tokio')", "did you mean Asia/Tokyo?"),
        ("schedule.every().day.until('soon').do(print)", "Invalid string format for until()"),
        ("schedule.every(2).monday.do(print)", "Use mondays instead of monday|only allowed"),
        ("@twin.every('10 min')\ndef post(): ...", "'10 min' is not a duration"),
        ("@twin.every('0s')\ndef post(): ...", 'every("0s") is out of range'),
        ("@twin.every('1h', timeout='0s')\ndef post(): ...", "use 1s or more"),
        ("@twin.every('1h', grace='soon')\ndef post(): ...", "'soon' is not a duration"),
        ("@twin.cron('61 * * * *')\ndef post(): ...", 'the minute cannot be "61"'),
        ("@twin.at('24.12.2026')\ndef post(): ...", 'at("24.12.2026") is not a date'),
        ("@twin.at('2026-03-29 02:30')\ndef post(): ...", "use 2026-03-29 03:00 Europe/Berlin"),
        ("@twin.every('1h')\nasync def post(): ...", "post is async"),
        (
            "@twin.every('1h')\ndef post(a, b): ...",
            "post needs a, b: a job takes nothing, or the run",
        ),
        ("@twin.every('1h')\ndef post(*, a): ...", "post needs a"),
        ("schedule.every().hour.do(later)", "later is async"),
        ("raise SystemExit", "ends the process"),
        ("raise ValueError", "ValueError"),
    ],
)
def test_a_mistake_is_named_with_its_line(folder: Folder, line: str, message: str) -> None:
    script = f"import schedule, twin\n\nasync def later(): ...\n\n{line}\n"
    problem = folder.problem(script, "Europe/Berlin")
    assert problem.startswith("jobs.py:5")
    assert any(each in problem for each in message.split("|"))


def test_a_file_named_twice_is_an_error(folder: Folder) -> None:
    folder.write("import schedule\nschedule.every().hour.do(print)")
    (problem,) = folder.problems("jobs.py", "jobs")
    assert 'jobs.py" is loaded already: name it once' in problem


def test_the_library_keeps_its_own_questions(folder: Folder) -> None:
    folder.jobs("import schedule\nschedule.every().hour.do(print)")
    assert schedule.next_run() is not None
    assert len(schedule.get_jobs()) == 1
    ask: Callable[[], object] = schedule.idle_seconds
    with pytest.raises(SystemExit):
        ask()
