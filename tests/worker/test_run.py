"""Commands on a real pair: they run on the twin that is on duty, and only there."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from processes import LOGIN, Twin, twins, until

PATIENT = """
import os, signal, sys, time
def say(what):
    with open("course", "a") as course:
        course.write(f"{what} {os.environ['TWIN_NAME']} {os.getpid()}\\n")
def end(*_):
    time.sleep(0.3)
    say("ends")
    sys.exit()
signal.signal(signal.SIGTERM, end)
say("begins")
print("up and running", flush=True)
time.sleep(600)
"""


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Twin, Twin]]:
    (tmp_path / "bot.py").write_text(PATIENT)
    with twins(tmp_path, ON_WAKE="join", RUN="python3 bot.py", RUN_STOP_WITHIN="2s") as (a, b):
        yield a, b


def course(twin: Twin) -> list[str]:
    file = twin.directory / "course"
    return (
        [line.rsplit(" ", 1)[0] for line in file.read_text().splitlines()] if file.exists() else []
    )


def pid(twin: Twin) -> int:
    return int((twin.directory / "course").read_text().split()[-1])


def test_a_command_moves_with_the_duty_and_is_never_there_twice(pair: tuple[Twin, Twin]) -> None:
    a, b = pair
    a.start()
    until(lambda: course(a) == ["begins a"])
    b.start()
    until(lambda: b.role() == "standby")
    a.ends(signal.SIGTERM)
    until(lambda: len(course(a)) == 3)
    b.ends(signal.SIGTERM)
    assert course(a) == ["begins a", "ends a", "begins b", "ends b"]


def test_a_command_of_a_twin_that_is_killed_is_gone_before_the_other_begins(
    pair: tuple[Twin, Twin],
) -> None:
    a, b = pair
    a.start()
    until(lambda: course(a) == ["begins a"])
    its = pid(a)
    b.start()
    until(lambda: b.role() == "standby")
    assert a.process is not None
    a.process.kill()
    until(lambda: course(a) == ["begins a", "begins b"])
    with pytest.raises(ProcessLookupError):
        os.kill(its, 0)


def test_a_command_that_crashes_is_started_again_and_says_how_it_ended(
    pair: tuple[Twin, Twin],
) -> None:
    a, _ = pair
    a.start()
    until(lambda: "up and running\n" in a.output)
    os.kill(pid(a), signal.SIGKILL)
    until(lambda: course(a) == ["begins a", "begins a"])
    until(lambda: a.output.splitlines().count("up and running") == 2)
    assert "event=command.ended" in a.output
    assert "SIGKILL ended it" in a.output


def command(twin: Twin) -> dict[str, Any]:
    (told,) = [told for told in twin.status()["commands"] if told["name"] == "python3"]
    return dict(told)


def test_both_pages_know_of_the_command_and_either_restarts_it(pair: tuple[Twin, Twin]) -> None:
    a, b = pair
    a.start()
    b.start()
    until(lambda: {a.role(), b.role()} == {"on_duty", "standby"})
    holder, standby = (a, b) if a.role() == "on_duty" else (b, a)
    until(lambda: "running" in command(holder).get("words", ""))
    told = command(holder)
    assert (told["name"], told["state"], told["restarts"]) == ("python3", "running", 0)
    until(
        lambda: (command(standby)["state"], command(standby)["twin"]) == ("elsewhere", holder.name)
    )
    assert [job["name"] for job in holder.status()["jobs"]] == []
    shown = standby.command("status").stdout
    assert re.search(rf"^COMMAND .*\npython3 +running +{holder.name} ", shown, re.M), shown
    with httpx.Client(auth=LOGIN, trust_env=False, timeout=5) as client:
        for twin in (holder, standby):
            told = client.get(f"{twin.url}/output", params={"command": "python3"}).json()
            (start,) = told["runs"]
            assert (start["twin"], start["output"]) == (holder.name, "up and running\n")
            assert (start["state"], told["missing"]) == ("running", None)
        asked = {"do": "restart", "command": "x"}
        assert client.post(f"{standby.url}/actions", json=asked).status_code == 409
        asked["command"] = "python3"
        assert client.post(f"{standby.url}/actions", json=asked).status_code == 200
    until(lambda: command(holder)["restarts"] == 1)
    assert command(holder)["why"] == "somebody asked for it"
    begins, ends = f"begins {holder.name}", f"ends {holder.name}"
    until(lambda: course(a) == [begins, ends, begins])


def test_the_key_of_a_target_reaches_only_a_command_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "twin.toml").write_text("""
[[target]]
name = "my-app"
timetable = "00:00=1"
api_key_env = "OTHER_KEY"
api_url = "http://127.0.0.1:9"
[[run]]
name = "one"
command = "echo one has ${OTHER_KEY-none}"
[[run]]
name = "two"
command = "echo two has ${OTHER_KEY-none}"
env = ["OTHER_KEY"]
""")
    with twins(tmp_path, OTHER_KEY="a-key") as (twin, _):
        del twin.environ["PEER_URL"]
        twin.start()
        until(lambda: "one has none\n" in twin.output and "two has a-key\n" in twin.output)
