"""Real processes: what they are given, what they say, and that none is left behind."""

import contextlib
import os
import queue
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from processes import WAIT_S, until

from twin.worker.child import (
    Child,
    environment,
    how,
    whole_lines,
    without_secrets,
)
from twin.worker.outputs import KEPT_CHARACTERS, newest

PATH = {"PATH": os.environ["PATH"]}
STUBBORN = "trap '' TERM; echo ready; while :; do sleep 1; done"
GRACEFUL = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: (print("bye"), sys.exit(5)))
print("ready")
signal.pause()
"""
FAMILY = """
import os, signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"])                       # of its group
daemon = subprocess.Popen(["sleep", "600"], start_new_session=True)
if not os.fork():                                                # an orphan of another session
    os.setsid()
    if os.fork():
        os._exit(0)
    print("pid", os.getpid(), flush=True)
    time.sleep(600)
print("pid", os.getpid(), "pid", child.pid, "pid", daemon.pid, flush=True)
time.sleep(600)
"""


@dataclass
class Running:
    """A child, and what is told of it."""

    said: "queue.Queue[str]" = field(default_factory=queue.Queue)
    status: "queue.Queue[int]" = field(default_factory=queue.Queue)
    child: Child = field(init=False)

    def start(self, *command: str, stop_within_s: float = 10, lease_s: float = 0) -> "Running":
        self.child = Child(
            command,
            PATH,
            stop_within_s=stop_within_s,
            lease_s=lease_s,
            written=self.said.put,
            ended=self.status.put,
        )
        return self

    def says(self, words: str) -> str:
        """All it said, once `words` are among it."""
        text = ""
        while words not in text:
            text += self.said.get(timeout=WAIT_S)
        return text

    def ends(self) -> int:
        return self.status.get(timeout=WAIT_S)

    def output(self) -> str:
        return "".join(self.said.get_nowait() for _ in range(self.said.qsize()))


@pytest.fixture
def running() -> Iterator[Running]:
    made = Running()
    yield made
    made.child.stop()


def shell(script: str) -> tuple[str, ...]:
    return "/bin/sh", "-c", script


def python(script: str) -> tuple[str, ...]:
    return sys.executable, "-c", script


def pids(said: str) -> list[int]:
    words = said.split()
    return [int(pid) for word, pid in pairwise(words) if word == "pid"]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"  # dead, and not yet fetched by the first process of this machine


def family(running: Running, **options: float) -> list[int]:
    running.start(*python(FAMILY), **options)
    said: list[str] = []

    def are_told() -> list[int]:
        running.child.beat()
        said.append(running.output())
        return found if len(found := pids("".join(said))) == 4 else []

    return list(until(are_told))


def test_what_it_says_and_how_it_ended_are_told(running: Running) -> None:
    running.start(*shell("echo out; echo err >&2; printf rest; exit 3"))
    assert running.ends() == 3
    assert running.output() == "out\nerr\nrest\n"


def test_a_signal_that_ended_it_is_told(running: Running) -> None:
    running.start(*shell("kill -SEGV $$"))
    assert running.ends() == -signal.SIGSEGV


def test_a_command_that_is_not_there_says_so(running: Running) -> None:
    running.start("no-such-program", "--at-all")
    assert running.ends() == 127
    assert running.output() == "no-such-program: No such file or directory\n"


def test_sigterm_lets_it_end_in_its_own_way(running: Running) -> None:
    running.start(*python(GRACEFUL))
    running.says("ready")
    running.child.stop()
    assert running.ends() == 5
    assert running.output() == "bye\n"


def test_sigterm_right_after_the_start_is_not_lost(running: Running) -> None:
    running.start("sleep", "600")
    running.child.stop()
    assert running.ends() == -signal.SIGTERM


def test_only_the_first_process_hears_sigterm_until_it_has_ended(running: Running) -> None:
    """A server that shares its work among processes ends them in its own order."""
    inner = f"{sys.executable} -c {shlex.quote(GRACEFUL)}"
    running.start(*shell(f"trap 'sleep 0.3; echo first; exit 7' TERM; {inner} & echo $!; wait"))
    running.says("ready")
    running.child.stop()
    assert running.ends() == 7
    assert running.output() == "first\nbye\n"


def test_a_command_that_ignores_sigterm_is_killed(running: Running) -> None:
    running.start(*shell(STUBBORN), stop_within_s=0.2)
    running.says("ready")
    running.child.stop()
    assert running.ends() == -signal.SIGKILL


def test_a_command_that_was_stopped_still_hears_sigterm(running: Running) -> None:
    running.start(*python("import os, signal; print('ready'); os.kill(os.getpid(), 19)"))
    running.says("ready")
    running.child.stop()
    assert running.ends() == -signal.SIGTERM


def test_after_the_end_no_descendant_is_left_in_whatever_session(running: Running) -> None:
    its = family(running, stop_within_s=0.2)
    running.child.stop()
    running.ends()
    assert [pid for pid in its if is_alive(pid)] == []


def test_what_the_first_process_leaves_behind_is_ended_too(running: Running) -> None:
    running.start(*shell("trap '' TERM; sleep 600 & echo pid $!"), stop_within_s=0.2)
    assert running.ends() == 0
    assert not is_alive(pids(running.output())[0])


def test_a_lease_that_is_not_renewed_kills_it(running: Running) -> None:
    its = family(running, lease_s=2)
    assert running.ends() == -signal.SIGKILL
    assert [pid for pid in its if is_alive(pid)] == []


def test_a_lease_that_is_renewed_does_not(running: Running) -> None:
    running.start(*shell("sleep 3; exit 4"), lease_s=2)

    def has_ended() -> bool:
        running.child.beat()
        return not running.status.empty()

    until(has_ended)
    assert running.ends() == 4


TWIN = f"""
import sys, threading
from twin.worker.child import Child
Child([sys.executable, "-c", {FAMILY!r}], {{}}, stop_within_s=10,
      written=lambda lines: print(lines, end="", flush=True), ended=print)
threading.Event().wait()
"""


@contextlib.contextmanager
def twin() -> Iterator[tuple["subprocess.Popen[str]", list[int]]]:
    """A process that started a family."""
    with subprocess.Popen(
        [sys.executable, "-c", TWIN],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **PATH},
    ) as process:
        assert process.stdout is not None
        its = pids(process.stdout.readline() + process.stdout.readline())
        assert len(its) == 4
        try:
            yield process, its
        finally:
            process.kill()
            for pid in filter(is_alive, its):
                os.kill(pid, signal.SIGKILL)


def test_a_twin_that_is_killed_takes_all_with_it() -> None:
    with twin() as (process, its):
        assert all(is_alive(pid) for pid in its)
        process.kill()
        until(lambda: not any(is_alive(pid) for pid in its))


def keeper_of(process: "subprocess.Popen[str]") -> int:
    children = Path(f"/proc/{process.pid}/task").glob("*/children")
    (keeper,) = "".join(each.read_text() for each in children).split()
    return int(keeper)


def group_among(its: list[int]) -> list[int]:
    """The command's first process, and the one that stayed in its group."""
    groups = [os.getpgid(pid) for pid in its]
    (leader,) = (pid for pid in its if groups.count(pid) == 2)
    return [leader, *(pid for pid in its if os.getpgid(pid) == leader != pid)]


def test_all_ends_with_a_keeper_that_is_killed() -> None:
    with twin() as (process, its):
        os.kill(keeper_of(process), signal.SIGKILL)
        until(lambda: not any(is_alive(pid) for pid in its))


def test_a_keeper_that_is_killed_takes_the_first_process_even_if_the_twin_stands_still() -> None:
    with twin() as (process, its):
        first, keeper = group_among(its)[0], keeper_of(process)
        process.send_signal(signal.SIGSTOP)
        os.kill(keeper, signal.SIGKILL)
        until(lambda: not is_alive(first))


def test_a_host_that_signals_every_process_leaves_the_end_to_the_twin(running: Running) -> None:
    running.start(*shell(STUBBORN + " # $$"), stop_within_s=0.2)
    keeper = running.child._keeper.pid
    running.says("ready")
    os.kill(keeper, signal.SIGTERM)
    os.kill(keeper, signal.SIGINT)
    running.child.stop()
    assert running.ends() == -signal.SIGKILL


def test_100_mb_of_output_hold_up_nobody_and_are_bounded(running: Running) -> None:
    big, kept = [0], [""]

    def written(lines: str) -> None:
        big[0] += len(lines)
        kept[0] = newest(kept[0], lines)

    script = "import sys\nfor n in range(1_000_000): sys.stdout.write('%099d\\n' % n)"
    running.child = Child(
        [sys.executable, "-c", script],
        {"PYTHONUNBUFFERED": ""},
        stop_within_s=1,
        written=written,
        ended=running.status.put,
    )
    assert running.status.get(timeout=60) == 0
    assert big[0] == 100_000_000
    assert kept[0].endswith(f"{999_999:099d}\n")
    assert len(kept[0]) <= KEPT_CHARACTERS


def test_the_kernel_kills_the_command_before_the_twin(running: Running) -> None:
    running.start("cat", "/proc/self/oom_score_adj")
    assert running.ends() == 0
    assert running.output() == "1000\n"


def test_it_holds_no_file_of_the_twin_and_no_handler(running: Running) -> None:
    running.start(*shell("ls /proc/self/fd; exec grep -E 'Sig(Blk|Ign)' /proc/self/status"))
    assert running.ends() == 0
    *files, blocked, ignored = running.output().splitlines()
    assert files == ["0", "1", "2", "3"]  # the last is what `ls` lists
    signals = sum(1 << number - 1 for number in signal.valid_signals())
    assert (int(blocked.split()[1], 16) | int(ignored.split()[1], 16)) & signals == 0


def test_lines_stay_whole_and_one_without_end_is_cut() -> None:
    assert whole_lines(b"one\ntwo\nthr") == (b"one\ntwo\n", b"thr")
    assert whole_lines(b"on") == (b"", b"on")
    assert whole_lines(b"x" * 10_000) == (b"x" * 10_000 + b"\n", b"")


def test_the_newest_output_begins_with_a_line() -> None:
    assert newest("a\n", "b\n") == "a\nb\n"
    long = newest("", "".join(f"line {n}\n" for n in range(5_000)))
    assert long.startswith("line ")
    assert long.endswith("line 4999\n")
    assert len(long) <= KEPT_CHARACTERS


def given(*named: str, **environ: str) -> dict[str, str]:
    return without_secrets(environ, {"OTHER_KEY"}, named)


def test_the_secrets_of_the_twin_are_not_handed_on_unless_named() -> None:
    its = ("BASIC_AUTH_PASSWORD", "PEER_URL", "PEER_PASSWORD", "NOTIFY_URLS", "DEADMAN_URL")
    keys = ("SCALE_API_KEY", "SCALE_API_KEY_SHOP", "OTHER_KEY")
    secrets = dict.fromkeys((*its, *keys), "s3cret")
    assert "s3cret" not in given(**secrets, TOKEN="mine").values()
    assert given(**secrets, TOKEN="mine")["TOKEN"] == "mine"
    assert given("OTHER_KEY", **secrets) == {"OTHER_KEY": "s3cret"}


def test_it_is_told_of_its_twin_and_has_a_port_of_its_own() -> None:
    before = {"PORT": "8000", "TWIN_NAME": "x"}
    its = environment(before, twin="a", term=7, url="https://a.example")
    assert (its["TWIN_NAME"], its["TWIN_TERM"]) == ("a", "7")
    assert its["TWIN_URL"] == "https://a.example"
    assert its["PORT"] != "8000"
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", int(its["PORT"])))


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (0, "it ended with status 0"),
        (127, "it ended with status 127"),
        (-15, "SIGTERM ended it"),
        (-9, "SIGKILL ended it: perhaps memory ran out"),
        (137, "SIGKILL ended it: perhaps memory ran out"),
        (255, "it ended with status 255"),
    ],
)
def test_how_it_ended(status: int, told: str) -> None:
    assert how(status) == told
