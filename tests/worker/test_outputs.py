"""What runs wrote: kept per run, bounded, and attributed to the run that wrote it."""

from pathlib import Path

import pytest
from processes import until
from served import Served, served

from twin.core.pair.knowledge import Fate
from twin.worker.marks import Unmarked
from twin.worker.outputs import KEPT_CHARACTERS, Outputs

LOOP = """
import os, subprocess, sys, threading, time
import schedule
{}
while True:
    schedule.run_pending()
    time.sleep(0.05)
"""


def texts(kept: Outputs, job: str) -> list[str]:
    return [run["output"] for run in kept.told(job)]


# ---- what is kept


def test_of_each_job_the_last_runs_are_kept_the_newest_first() -> None:
    kept = Outputs()
    for slot in range(9):
        kept.wrote("post", slot, f"{slot}\n")
    kept.ended("post", 8, "failed", 1.5, "no")
    assert texts(kept, "post") == ["8\n", "7\n", "6\n", "5\n", "4\n"]
    newest, before, *_ = kept.told("post")
    assert newest == {
        "at": "1970-01-01T00:00:08Z", "state": "failed", "seconds": 1.5, "why": "no",
        "output": "8\n",
    }  # fmt: skip
    assert (before["state"], before["seconds"]) == ("running", None)
    assert kept.last_of("post") == "8\n"


def test_of_each_run_the_end_of_its_output_is_kept() -> None:
    kept = Outputs()
    for number in range(5_000):
        kept.wrote("post", 0, f"line {number}\n")
    (text,) = texts(kept, "post")
    assert len(text) <= KEPT_CHARACTERS
    assert text.startswith("line ")
    assert text.endswith("line 4999\n")


def test_all_runs_together_are_bounded_and_the_oldest_makes_room() -> None:
    kept = Outputs(most_characters=30_000)
    for job in range(1_000):
        kept.ended(str(job), job, "done", 0.1, "")
    for job in range(3):
        kept.wrote(f"long {job}", 0, "x" * 9_000 + "\n")
    assert not kept.told("0")
    assert not kept.told("900")
    assert [len(kept.told(f"long {job}")) for job in range(3)] == [1, 1, 1]
    kept.wrote("long 3", 0, "x" * 9_000)
    assert [len(kept.told(f"long {job}")) for job in range(4)] == [0, 1, 1, 1]


# ---- marks


class Read:
    """What a twin reads of a script's output."""

    def __init__(self, *pieces: str) -> None:
        self.of: dict[str, str] = {}
        unmarked = Unmarked(self._wrote)
        self.plain = "".join(map(unmarked.read, pieces))
        self.rest = unmarked.rest()

    def _wrote(self, job: str, slot: int, text: str) -> None:
        name = f"{job} {slot}"
        self.of[name] = self.of.get(name, "") + text


def begin(run: str, job: str) -> str:
    return f"\x1b_twin +{run} 7 {job}\x1b\\\n"


def end(run: str) -> str:
    return f"\x1b_twin -{run}\x1b\\\n"


def test_what_comes_while_one_run_goes_on_is_its_own_whoever_wrote_it() -> None:
    read = Read("before\n", begin("1", "bot.post"), "one\n", end("1"), "after\n")
    assert read.of == {"bot.post 7": "one\n"}
    assert read.plain == "before\none\nafter\n"


def test_while_several_go_on_only_what_is_marked_belongs_to_one() -> None:
    of_two = "\x1b_twin 2\x1b\\mine\x1b_twin \x1b\\"
    both = begin("1", "a") + begin("2", "b")
    read = Read(both, "whose?\n", of_two, "\n", end("1"), "again mine\n", end("2"))
    assert read.of == {"b 7": "mineagain mine\n"}
    assert read.plain == "whose?\nmine\nagain mine\n"


def test_a_line_that_a_mark_interrupts_stays_whole() -> None:
    read = Read("do", begin("1", "a"), "ts\nand more", end("1"))
    assert read.plain == "dots\n"
    assert read.rest == "and more\n"
    assert Read("x" * 20_000).plain == "x" * 20_000


# ---- scripts


def shows(twin: Served, job: str, *words: str) -> str:
    """The output of its newest run that has ended, once these words are in it: the end of a run may
    be known before the last of its output is read."""

    def found() -> str:
        text = str(runs[0]["output"]) if (runs := ended(twin, job)) else ""
        return text if all(word in text for word in words) else ""

    return str(until(found))


def ended(twin: Served, job: str) -> list[dict[str, object]]:
    return [run for run in twin.scripts.outputs.told(job) if run["state"] != "running"]


def test_a_run_of_a_script_is_shown_with_what_its_programs_wrote(tmp_path: Path) -> None:
    text = """
def job():
    print("one")
    subprocess.run(["echo", "two"])
    os.write(2, b"three\\n")

print("not of a run")
schedule.every().second.do(job)
"""
    (tmp_path / "bot.py").write_text(LOOP.format(text))
    with served(tmp_path, "bot.py") as twin:
        assert shows(twin, "bot.job", "three") == "one\ntwo\nthree\n"
        assert "not of a run\n" in twin.said("bot.py")
        assert "\x1b" not in twin.said("bot.py") + twin.log.getvalue()
        (run, *_) = ended(twin, "bot.job")
        assert run["state"] == "done"
        assert isinstance(run["seconds"], float)


def test_a_run_that_failed_is_shown_with_what_the_script_says_of_it(tmp_path: Path) -> None:
    text = """
import traceback

def job():
    raise ValueError("no such thing")

schedule.every().second.do(job)
while True:
    try:
        schedule.run_pending()
    except Exception:
        traceback.print_exc()
    print("next")
    time.sleep(0.3)
"""
    (tmp_path / "bot.py").write_text(LOOP.format(text))
    with served(tmp_path, "bot.py") as twin:
        told = shows(twin, "bot.job", "next")
        assert told.startswith("Traceback")
        assert "ValueError: no such thing\nnext\n" in told
        (run, *_) = ended(twin, "bot.job")
        assert (run["state"], run["why"]) == ("failed", "ValueError: no such thing")


def test_a_run_that_ends_its_process_is_shown_with_its_last_words(tmp_path: Path) -> None:
    text = """
def job():
    print("last words")
    os._exit(3)

schedule.every().hour.do(job)
"""
    (tmp_path / "bot.py").write_text(LOOP.format(text))
    with served(tmp_path, "bot.py") as twin:
        until(lambda: "bot.job" in twin.jobs())
        twin.run_now("bot.job")
        until(lambda: (entry := twin.entry("bot.job")) is not None and entry.fate is Fate.FAILED)
        assert shows(twin, "bot.job", "last") == "last words\n"
        (run, *_) = ended(twin, "bot.job")
        assert "status 3" in str(run["why"])


def test_functions_that_run_at_the_same_time_keep_their_own_prints(tmp_path: Path) -> None:
    text = """
import sys, threading, time
from twin import every

both = threading.Barrier(2)

def talk(name):
    both.wait()
    for number in range(3):
        print(name, number)
        time.sleep(0.01)
    both.wait()

@every("1h")
def one():
    talk("one")

@every("1h")
def two():
    talk("two")
    raise ValueError(2)
"""
    (tmp_path / "bot.py").write_text(text)
    with served(tmp_path, "bot.py") as twin:
        until(lambda: {"bot.one", "bot.two"} <= twin.jobs().keys())
        twin.run_now("bot.one")
        twin.run_now("bot.two")
        assert shows(twin, "bot.two", "ValueError: 2").startswith("two 0\ntwo 1\ntwo 2\n")
        assert shows(twin, "bot.one", "2") == "one 0\none 1\none 2\n"


def test_a_forked_process_has_no_part_in_the_run_of_its_parent(tmp_path: Path) -> None:
    text = """
def job():
    child = os.fork()
    if not child:
        schedule.run_pending()
        print("child")
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
    print("parent")

schedule.every().hour.do(job)
"""
    (tmp_path / "bot.py").write_text(LOOP.format(text))
    with served(tmp_path, "bot.py", PYTHONWARNINGS="ignore") as twin:
        until(lambda: "bot.job" in twin.jobs())
        twin.run_now("bot.job")
        assert shows(twin, "bot.job", "parent") == "child\nparent\n"


def test_a_script_that_puts_a_file_in_place_of_its_output_finds_no_mark_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
def job():
    print("kept")

os.dup2(os.open("own.log", os.O_CREAT | os.O_WRONLY), 1)
schedule.every().second.do(job)
"""
    (tmp_path / "bot.py").write_text(LOOP.format(text))
    monkeypatch.chdir(tmp_path)
    with served(tmp_path, "bot.py") as twin:
        until(lambda: ended(twin, "bot.job"))
    assert set((tmp_path / "own.log").read_text().splitlines()) == {"kept"}
