"""`python -m twin lab --twins 3 --arbiter`: real twins, a real Redis."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Thread

import pytest

from twin.lab import main
from twin.lab.arbiter import lacking
from twin.lab.collected import Line
from twin.lab.narration import narrated

STRICT = ("--twins", "3", "--arbiter")
WOKEN_S = 25.0
"""An arbiter without a memory lets one lease pass before it gives the duty to anybody."""
LEASE_S = 10.0
SLACK_S = 3.0
"""Machines that run tests are busy."""


@dataclass
class Lab:
    """A lab, and its screen."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    changed: Condition = field(default_factory=Condition)

    def read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip())
                self.changed.notify_all()

    def says(self, pattern: str, within_s: float, after: int = 0) -> re.Match[str]:
        def found() -> re.Match[str] | None:
            return next(filter(None, (re.search(pattern, one) for one in self.lines[after:])), None)

        with self.changed:
            match = self.changed.wait_for(found, within_s)
        assert match, f"no {pattern!r} in {within_s:g} s:\n" + "\n".join(self.lines)
        return match

    def hurt(self, twin: str, number: signal.Signals, within_s: float) -> str:
        """Signal this twin; returns the next holder."""
        ups = [re.match(rf".* {twin} .* is up .* process (\d+)", line) for line in self.lines]
        seen, pid = len(self.lines), int([up for up in ups if up][-1][1])
        os.kill(pid, number)
        holder = self.says(r"(twin-\w) +is ON DUTY", within_s, after=seen)[1]
        assert holder != twin, self.lines[seen:]
        return holder


@contextmanager
def a_lab(*arguments: str) -> Iterator[Lab]:
    command = [sys.executable, "-m", "twin", "lab", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lab = Lab(process)
        reader = Thread(target=lab.read)
        reader.start()
        try:
            yield lab
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(15)
            reader.join()


def status(lab: Lab) -> str:
    """What `twin status` prints, asked at twin a."""
    shown = "\n".join(lab.lines)
    url, password = (re.search(each, shown) for each in (r"twin-a +(\S+)/", r"password (\S+)"))
    assert url
    assert password
    environ = {"SELF_URL": url[1], "TWIN_NAME": "a", "BASIC_AUTH_USERNAME": "twin"}
    ended = subprocess.run(
        [sys.executable, "-m", "twin", "status"],
        env=os.environ | environ | {"BASIC_AUTH_PASSWORD": password[1]},
        capture_output=True,
        text=True,
        timeout=15,
        check=True,
    )
    return ended.stdout


@pytest.mark.skipif(bool(lacking()), reason=lacking())
def test_of_three_twins_another_one_takes_the_duty_and_nothing_is_left_at_the_end() -> None:
    with a_lab(*STRICT) as lab:
        holder = lab.says(r"(twin-\w) +is ON DUTY", WOKEN_S)[1]
        for twin in {"twin-a", "twin-b", "twin-c"} - {holder}:
            lab.says(f"{twin} +stands by", 10)
        table = status(lab)
        for name in "abc":
            role = "on duty" if f"twin-{name}" == holder else "standby"
            assert re.search(rf"^{name} +{role} .*http://127", table, re.MULTILINE), table
        assert re.search(rf"^answers +10 s +{holder[-1]}$", table, re.MULTILINE), table
        lab.hurt(holder, signal.SIGKILL, LEASE_S + 1 + SLACK_S)
        folder = Path(lab.says(r"> (\S+)/shop.json", 1)[1])
        redis = int(lab.says(r"arbiter +redis.1 is up .* process (\d+)", 1)[1])
        assert folder.exists()
    assert lab.process.returncode == 0
    assert lab.lines[-1] == "Nothing is left running."
    assert not folder.exists()
    assert not Path(f"/proc/{redis}").exists()


@pytest.mark.skipif(bool(lacking()), reason=lacking())
def test_two_twins_with_an_arbiter_hand_over_at_once() -> None:
    with a_lab("--arbiter") as lab:
        holder = lab.says(r"(twin-\w) +is ON DUTY", WOKEN_S)[1]
        lab.says(r"twin-\w +stands by", 10)
        lab.hurt(holder, signal.SIGTERM, SLACK_S)
        assert "twin-c" not in "\n".join(lab.lines)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--twins", "1", "--arbiter"], "argument --twins: '1': give a number from 2 to 5"),
        (["--twins", "six", "--arbiter"], "argument --twins: 'six': give a number from 2 to 5"),
        (["--twins", "3"], "--twins 3: more than two twins need --arbiter"),
    ],
)
def test_a_wrong_number_of_twins_is_answered_with_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert sentence in capsys.readouterr().err


def test_a_machine_without_redis_is_answered_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="2"):
        main(["--arbiter"])
    assert "install it, such as by `apt-get install redis-server`" in capsys.readouterr().err


def told(text: str, source: str = "twin-a[web.1]") -> str | None:
    return narrated(Line(0, 1763708400.0, source, text))


def test_what_happens_to_the_arbiter_is_told_in_plain_words() -> None:
    silent = 'at=warning event=arbiter.silent twin=a because="the arbiter did not answer"'
    assert told(silent) == "07:00:00  twin-a    cannot ask: the arbiter did not answer"
    back = "at=info event=arbiter.back twin=a"
    assert told(back) == "07:00:00  twin-a    can ask the arbiter again"
    newer = 'at=warning event=twin.superseded twin=a because="a newer boot is there"'
    assert told(newer) == "07:00:00  twin-a    takes no duty: a newer boot is there"
    own = "29371:M 29 Nov 2026 20:31:41.954 # Redis is now ready to exit, bye bye..."
    assert told(own, "arbiter[redis.1]") is None
