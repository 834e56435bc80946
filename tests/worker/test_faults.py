"""What a script can do to its own process: its twin stays on duty, and answers all the time."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from processes import Twin, twins, until

SCRIPT = """
import ctypes, itertools, os, resource, schedule
from twin import every

@every("1s", timeout="{limit}")
def job():
    {act}

print("begins", flush=True)
"""
HOLDS = "sum(itertools.repeat(1))"
"""Never gives the interpreter away, and sees no signal."""
EATS = "kept = [bytes(1 << 20) * 2 for _ in itertools.repeat(1)]"
LIMIT_BYTES = 400 << 20
ENDED = re.compile(r'event=slot.ended .* state=failed .* because="?([^"\n]*)')


@contextmanager
def on_duty(folder: Path, act: str, limit: str = "1m") -> Iterator[Twin]:
    """A twin without a peer, whose script has a job that does this. Somebody asks all the time
    whether the twin is healthy, and always hears that it is."""
    (folder / "bot.py").write_text(SCRIPT.format(act=act, limit=limit))
    with twins(folder, JOBS="bot.py", PYTHONWARNINGS="") as (twin, _):
        del twin.environ["PEER_URL"]
        twin.start()
        until(lambda: "event=duty.taken" in twin.output)
        with always_answering(twin):
            yield twin
        assert twin.output.count("event=duty.") == 2  # claimed, and taken
        assert twin.role() == "on_duty"


@contextmanager
def always_answering(twin: Twin) -> Iterator[None]:
    answers: list[int] = []
    over = threading.Event()

    def ask() -> None:
        with httpx.Client(trust_env=False, timeout=5) as client:
            while not over.wait(0.05):
                try:
                    answers.append(client.get(f"{twin.url}/healthz").status_code)
                except httpx.HTTPError:
                    answers.append(0)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()
    assert set(answers) == {200}


def why_failed(twin: Twin) -> str:
    """Of its first run, once that has failed."""
    return str(until(lambda: ENDED.search(twin.output))[1])


@pytest.mark.parametrize(
    ("act", "limit", "why"),
    [
        ("os._exit(3)", "1m", "its process is gone: it ended with status 3"),
        ("ctypes.string_at(0)", "1m", "its process is gone: SIGSEGV ended it"),
        (HOLDS, "1s", "still running after 1 s, its time limit"),
    ],
)
def test_a_run_that_harms_its_process_fails_and_the_script_is_back(
    tmp_path: Path, act: str, limit: str, why: str
) -> None:
    with on_duty(tmp_path, act, limit) as twin:
        assert why_failed(twin) == why
        until(lambda: 'starts_again="in 1 s"' in twin.output)
        until(lambda: twin.output.count("begins\n") >= 2)


def test_a_run_that_reaches_its_limit_of_memory_fails_alone(tmp_path: Path) -> None:
    limit = f"resource.setrlimit(resource.RLIMIT_AS, ({LIMIT_BYTES}, {LIMIT_BYTES}))"
    with on_duty(tmp_path, f"{limit}; {EATS}") as twin:
        assert why_failed(twin) == "MemoryError"
        assert twin.output.count("begins\n") == 1


@pytest.fixture
def group() -> Iterator[Path]:
    """A group of processes that may take little memory."""
    made = Path(f"/sys/fs/cgroup/memory/twin-{os.getpid()}")
    try:
        made.mkdir()
        (made / "memory.limit_in_bytes").write_text(str(LIMIT_BYTES))
    except OSError:
        pytest.skip("no group of processes with a limit of memory can be made here")
    yield made
    until(lambda: not (made / "cgroup.procs").read_text())
    made.rmdir()


def test_a_process_that_the_kernel_kills_for_its_memory_is_said_to_lack_it(
    tmp_path: Path, group: Path
) -> None:
    join = f"open({str(group / 'cgroup.procs')!r}, 'w').write(str(os.getpid()))"
    with on_duty(tmp_path, f"{join}; {EATS}") as twin:
        why = "SIGKILL ended it: perhaps memory ran out"
        assert why_failed(twin) == f"its process is gone: {why}"
        until(lambda: f'event=command.ended twin=a command=bot.py because="{why}"' in twin.output)
        until(lambda: twin.output.count("begins\n") >= 2)
