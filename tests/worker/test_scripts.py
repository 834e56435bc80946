"""What the library promises holds, and whatever a script does, its twin stays on duty."""

import os
import signal
from pathlib import Path
from textwrap import dedent

import pytest
from processes import until
from served import Served, served

from twin.core.pair.document import Role
from twin.core.pair.knowledge import Entry, Fate

LOOP = """
while True:
    schedule.run_pending()
    time.sleep(0.05)
"""


def script(folder: Path, text: str, loop: str = LOOP, name: str = "bot.py") -> str:
    (folder / name).write_text(f"import os, sys, time, schedule\n{dedent(text)}\n{loop}")
    return name


def ended(twin: Served, job: str, fate: Fate) -> Entry:
    """The entry of its newest slot, once that ended so."""

    def found() -> Entry | None:
        entry = twin.entry(job)
        return entry if entry is not None and entry.fate is fate else None

    entry: Entry = until(found)
    return entry


# ---- as the library has it


def test_next_run_idle_seconds_and_tags_are_the_librarys(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        def job(): ...
        schedule.every().hour.do(job).tag("web")
        schedule.every(2).hours.do(job)
        print(len(schedule.get_jobs("web")), 0 < schedule.idle_seconds() <= 3600)
        print(schedule.next_run("web") == schedule.next_run(), flush=True)
        """,
    )
    with served(tmp_path, bot) as twin:
        assert twin.says(bot, "\n", 2) == "1 True\nTrue\n"
        until(lambda: list(twin.jobs().values()) == ["every 1h", "every 2h"])


def test_an_exception_of_a_job_goes_to_the_scripts_own_loop(tmp_path: Path) -> None:
    loop = """
while True:
    try:
        schedule.run_pending()
    except ValueError as error:
        print("caught", error, flush=True)
    time.sleep(0.05)
"""
    bot = script(
        tmp_path,
        """
        def fails(): raise ValueError("no luck")
        schedule.every().second.do(fails)
        """,
        loop,
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "caught no luck", 2)
        assert ended(twin, "bot.fails", Fate.FAILED).why == "ValueError: no luck"


def test_a_script_that_dies_of_its_job_is_back_and_goes_on_behind_that_slot(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        def fails(): raise ValueError("no luck")
        schedule.every().second.do(fails)
        print("begins", flush=True)
        """,
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "begins", 2)
        assert "ValueError: no luck" in twin.said(bot)
        assert twin.node.look().role is Role.ON_DUTY


def test_a_script_without_a_loop_has_its_jobs_run(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        def job(): print("ran", flush=True)
        def fails(): raise ValueError("no luck")
        schedule.every().second.do(job)
        schedule.every().second.do(fails)
        """,
        loop="",
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "ran", 2)
        twin.says(bot, "ValueError: no luck")


def test_a_script_that_looped_and_ended_has_finished(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        def job(): print("ran", flush=True); return schedule.CancelJob
        schedule.every().second.do(job)
        """,
        loop="""
while schedule.get_jobs():
    schedule.run_pending()
    time.sleep(0.05)
print("over", flush=True)
""",
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "over")
        until(lambda: "starts_again=never" in twin.log.getvalue())
        assert twin.said(bot).count("ran") == 1
        assert "does not run now" in twin.scripts.why_not_run("bot.job")
        assert twin.commands.restart(str(tmp_path / bot)) == ""
        until(lambda: twin.commands.status()[0].get("restarts") == 1)
        twin.ends()
        until(lambda: "has not started here yet" in twin.commands.restart(str(tmp_path / bot)))


def test_a_run_that_ended_is_known_though_its_process_ends_at_once(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        def job(): print("ran", flush=True)
        schedule.every(30).seconds.do(job)
        schedule.run_all()
        os._exit(0)
        """,
        loop="",
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "ran")
        ended(twin, "bot.job", Fate.DONE)


def test_a_job_with_a_deadline_ends_with_it(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        from datetime import timedelta
        def job(): print("ran", flush=True)
        schedule.every().second.until(timedelta(seconds=2.5)).do(job)
        """,
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "ran")
        ended(twin, "bot.job", Fate.CANCELLED)
        assert twin.said(bot).count("ran") <= 3


def test_jobs_that_are_cleared_are_gone_and_one_of_their_name_is_counted_anew(
    tmp_path: Path,
) -> None:
    bot = script(
        tmp_path,
        """
        def job(): print("ran", flush=True)
        def again():
            schedule.clear("work")
            schedule.every(2).seconds.do(job).tag("work")
        schedule.every(2).seconds.do(job).tag("work")
        schedule.every(3).seconds.do(again)
        """,
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "ran", 3)
        assert sorted(twin.jobs()) == ["bot.again", "bot.job"]


def test_several_schedulers_in_several_threads_are_served(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        import threading
        def loop(name):
            mine = schedule.Scheduler()
            def job(): print(name, threading.current_thread().name, flush=True)
            mine.every().second.do(job)
            while True:
                mine.run_pending()
                time.sleep(0.05)
        for name in ("one", "two"):
            threading.Thread(target=loop, args=(name,), name=name).start()
        """,
        loop="",
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "one one", 2)
        twin.says(bot, "two two", 2)


def test_a_loop_of_asyncio_and_a_scheduler_that_awaits_are_served(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        import asyncio
        class Awaiting(schedule.Scheduler):
            async def run_all_due(self):
                for job in [job for job in self.jobs if job.should_run]:
                    returned = job.run()
                    if asyncio.iscoroutine(returned):
                        await returned
        async def job(): print("awaited", flush=True)
        async def main():
            mine = Awaiting()
            mine.every().second.do(job)
            while True:
                await mine.run_all_due()
                await asyncio.sleep(0.05)
        asyncio.run(main())
        """,
        loop="",
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "awaited", 2)
        ended(twin, "bot.job", Fate.DONE)


def test_a_forked_process_is_served_too(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        import multiprocessing
        def job(): print("ran in", "the child" if os.getppid() == parent else "?", flush=True)
        def loop():
            while True:
                schedule.run_pending()
                time.sleep(0.05)
        parent = os.getpid()
        schedule.every().second.do(job)
        multiprocessing.get_context("fork").Process(target=loop).start()
        time.sleep(600)
        """,
        loop="",
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "ran in the child", 2)


def test_a_job_of_a_job_goes_by_the_function_that_it_runs(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        import threading
        def post(): print("posted", flush=True)
        def run_threaded(function): threading.Thread(target=function).start()
        schedule.every().second.do(run_threaded, post)
        """,
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "posted")
        assert list(twin.jobs()) == ["bot.post"]


def test_somebody_may_ask_for_a_job_of_the_script(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        def job(): print("ran", flush=True)
        schedule.every().day.at("00:00").do(job)
        """,
    )
    with served(tmp_path, bot) as twin:
        until(lambda: "bot.job" in twin.jobs())
        twin.run_now("bot.job")
        twin.says(bot, "ran")
        ended(twin, "bot.job", Fate.DONE)


# ---- decorated functions


def test_each_decorated_function_gets_a_thread_and_the_run(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        from twin import every
        @every("1s", name="slow")
        def slow(run):
            print("slow", run.slot.isoformat(), run.term, run.peer_heard_at, flush=True)
            time.sleep(600)
        @every("1s")
        def quick(): print("quick", flush=True)
        """,
        loop="",
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "quick", 3)
        twin.says(bot, "slow")
        term = twin.node.look().knowledge.claim.term
        assert f"+00:00 {term} None" in twin.said(bot)
        assert twin.said(bot).count("slow") == 1


def test_functions_are_served_beside_a_script_that_blocks(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        from twin import every
        @every("1s")
        def job(): print(helper(), flush=True)
        def helper(): return "helped"
        time.sleep(600)
        """,
        loop="",
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "helped")


def test_a_run_past_its_time_limit_fails_and_the_script_is_started_anew(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        from twin import every
        @every("1h", timeout="1s", catch_up=True, grace="2h", name="hangs")
        def hangs(): time.sleep(600)
        print("begins", flush=True)
        """,
        loop="",
    )
    with served(tmp_path, bot) as twin:
        why = ended(twin, "hangs", Fate.FAILED).why
        assert why == "still running after 1 s, its time limit"
        twin.says(bot, "begins", 2)


@pytest.mark.parametrize(("option", "setting"), [(", retries=2", 0), ("", 2)])
def test_a_run_that_failed_is_repeated(tmp_path: Path, option: str, setting: int) -> None:
    bot = script(
        tmp_path,
        f"""
        from twin import every
        tries = []
        @every("1h", catch_up=True, grace="2h", name="job"{option})
        def job():
            tries.append(1)
            print("try", flush=True)
            if len(tries) < 3:
                raise OSError("no network")
        """,
        loop="",
    )
    with served(tmp_path, bot, retries=setting) as twin:
        ended(twin, "job", Fate.DONE)
        assert twin.said(bot).count("try\n") == 3


def test_a_function_on_duty_is_told_when_the_duty_goes(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        import asyncio
        from twin import on_duty
        @on_duty
        async def bot(run):
            try:
                print("bot begins", flush=True)
                await asyncio.sleep(600)
            finally:
                print("bot ends", flush=True)
        @on_duty
        def poll(run):
            print("poll begins", flush=True)
            run.leaving.wait()
            print("poll ends", flush=True)
        """,
        loop="",
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "bot begins")
        twin.says(bot, "poll begins")
        twin.ends()
        assert "bot ends" in twin.said(bot)
        assert "poll ends" in twin.said(bot)


def test_a_function_on_duty_that_fails_is_started_again(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        from twin import on_duty
        @on_duty
        def bot(run):
            print("begins", flush=True)
            raise OSError("no network")
        """,
        loop="",
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "begins", 2)
        assert 'event=on_duty.ended twin=a function=bot because="OSError: no net' in (
            twin.log.getvalue()
        )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("async def job(): ...", "job is async, but jobs run on threads"),
        ("def job(one, two): ...", "job needs one, two: a job takes nothing, or the run"),
    ],
)
def test_a_function_that_cannot_be_called_is_an_error_at_its_line(
    tmp_path: Path, text: str, why: str
) -> None:
    bot = script(tmp_path, f"from twin import every\n@every('1s')\n{text}", loop="")
    with served(tmp_path, bot) as twin:
        assert why in twin.says(bot, "ValueError")


@pytest.mark.parametrize("text", ["async def job(): ...", "def job(): yield"])
def test_a_job_that_only_makes_code_and_runs_none_has_failed(tmp_path: Path, text: str) -> None:
    bot = script(tmp_path, f"{text}\nschedule.every().second.do(job)")
    with served(tmp_path, bot) as twin:
        assert "which nobody runs" in ended(twin, "bot.job", Fate.FAILED).why


# ---- whatever a script does


@pytest.mark.parametrize(
    ("act", "why"),
    [
        ("os.kill(os.getpid(), 9)", "its process is gone: SIGKILL ended it"),
        ("os.execvp('sleep', ['sleep', '600'])", "its process has become another program"),
    ],
)
def test_a_run_that_ends_the_process_has_failed_and_the_twin_stays_on_duty(
    tmp_path: Path, act: str, why: str
) -> None:
    bot = script(
        tmp_path,
        f"""
        def job():
            {act}
        schedule.every().second.do(job)
        print("begins", flush=True)
        """,
    )
    with served(tmp_path, bot) as twin:
        assert ended(twin, "bot.job", Fate.FAILED).why.startswith(why)
        assert twin.node.look().role is Role.ON_DUTY
        if "exec" not in act:
            twin.says(bot, "begins", 2)


@pytest.mark.parametrize(
    "act",
    [
        "os.execv(sys.executable, [sys.executable, *sys.argv])",
        "os.execl(sys.executable, 'python', '-u', __file__, *sys.argv[1:])",
        "os.execvpe(sys.executable, sys.orig_argv, os.environ)",
        "os.execv(__file__, sys.argv)",
    ],
)
def test_a_script_that_starts_itself_anew_is_served_again(tmp_path: Path, act: str) -> None:
    bot = script(
        tmp_path,
        f"""
        def job():
            print("ran in", os.getpid(), flush=True)
            if "AGAIN" not in os.environ:
                os.environ["AGAIN"] = ""
                {act}
        schedule.every().second.do(job)
        """,
    )
    with served(tmp_path, bot) as twin:
        assert ended(twin, "bot.job", Fate.FAILED).why == "its script has started itself anew"
        ended(twin, "bot.job", Fate.DONE)
        said = twin.says(bot, "ran in", 3).splitlines()
        assert len({line for line in said if line.startswith("ran in")}) == 1
        assert twin.log.getvalue().count("event=command.started") == 1


def test_a_script_that_holds_the_interpreter_holds_up_no_other(tmp_path: Path) -> None:
    holds = script(
        tmp_path,
        r"""
        import re
        def job():
            print("holds", flush=True)
            re.match(r"(a|a)*$", "a" * 26 + "b")
            print("over", flush=True)
        schedule.every(30).seconds.do(job)
        schedule.run_all()
        """,
        name="holds.py",
    )
    other = script(
        tmp_path, "schedule.every().second.do(lambda: print('ran', flush=True))", name="other.py"
    )
    with served(tmp_path, holds, other) as twin:
        twin.says(holds, "holds")
        before = twin.said(other).count("ran")
        twin.says(other, "ran", before + 2)
        assert "over" not in twin.said(holds)


def test_atexit_is_run_when_the_duty_goes_though_the_script_blocks(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        import atexit
        atexit.register(print, "goodbye", flush=True)
        schedule.every().second.do(print, "ran", flush=True)
        """,
        loop="""
while True:
    try:
        schedule.run_pending()
        time.sleep(0.05)
    except BaseException:
        pass
""",
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "ran")
        twin.ends()
        assert twin.said(bot).endswith("goodbye\n")


def test_a_run_may_end_before_its_script_is_ended(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        def job():
            print("begins", flush=True)
            time.sleep(1)
            print("ends", flush=True)
        schedule.every(30).seconds.do(job)
        schedule.run_all()
        """,
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "begins")
        twin.ends()
        assert twin.said(bot).endswith("ends\n")
        ended(twin, "bot.job", Fate.DONE)


def test_a_run_that_is_killed_with_its_script_is_not_said_to_lack_memory(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        import itertools
        def job():
            print("holds", flush=True)
            sum(itertools.repeat(1))
        schedule.every(30).seconds.do(job)
        schedule.run_all()
        """,
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "holds")
        twin.ends()
        why = ended(twin, "bot.job", Fate.FAILED).why
        assert why == "its process is gone: it was killed, since it did not end in time"


def test_what_a_script_clears_as_it_ends_is_not_cancelled_for_its_peer(tmp_path: Path) -> None:
    bot = script(
        tmp_path,
        """
        def job(): print("ran", flush=True)
        kept = schedule.every().second.do(job)
        """,
        loop="""
try:
    while True:
        schedule.run_pending()
        time.sleep(0.05)
finally:
    schedule.cancel_job(kept)
    schedule.clear()
    print("cleared", flush=True)
""",
    )
    with served(tmp_path, bot) as twin:
        twin.says(bot, "ran")
        twin.ends()
        assert twin.said(bot).endswith("cleared\n")
        entry = twin.entry("bot.job")
        assert entry is not None
        assert entry.fate is not Fate.CANCELLED


def test_the_scripts_environment_is_that_of_a_program_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("")
    bot = script(
        tmp_path,
        """
        import beside
        print(__name__, sys.argv == [__file__], os.environ["TWIN_NAME"])
        print(os.environ.get("PEER_PASSWORD"), os.environ["PORT"] != "8000", flush=True)
        """,
        loop="",
    )
    with served(tmp_path, bot, PEER_PASSWORD="s3cret", PORT="8000") as twin:
        assert twin.says(bot, "\n", 2) == "__main__ True a\nNone True\n"


def test_a_script_is_not_found_or_wrong_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text("import schedule\nschedule.every().do(print)\n")
    with served(tmp_path, "wrong.py", "none.py") as twin:
        twin.says("wrong.py", "Invalid unit")
        twin.says("none.py", "No such file or directory")
        assert twin.node.look().role is Role.ON_DUTY


def test_an_end_by_the_system_is_told(tmp_path: Path) -> None:
    bot = script(tmp_path, "print('pid', os.getpid(), flush=True)")
    with served(tmp_path, bot) as twin:
        pid = int(twin.says(bot, "\n").split()[1])
        os.kill(pid, signal.SIGKILL)
        twin.says(bot, "pid", 2)
        assert "SIGKILL ended it: perhaps memory ran out" in twin.log.getvalue()


def test_two_scripts_that_have_a_job_of_one_name_are_told_so(tmp_path: Path) -> None:
    text = "from twin import every\n@every('1s', name='job')\ndef job(): print('ran', flush=True)\n"
    one = script(tmp_path, text, loop="", name="one.py")
    two = script(tmp_path, text, loop="", name="two.py")
    with served(tmp_path, one, two) as twin:
        until(lambda: "event=jobs.refused twin=a job=job because=" in twin.log.getvalue())
        until(lambda: twin.said(one) + twin.said(two))
        assert not (twin.said(one) and twin.said(two))
