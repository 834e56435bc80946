"""A first job: the template, the examples of the docs, and an existing script."""

import re
import shutil
from pathlib import Path

import pytest
from processes import Twin

ROOT = Path(__file__).parents[2]
SHOWN = [
    shown
    for page in ("README.md", "docs/jobs.md")
    for shown in re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
]

BOT = """
import schedule
import time

def post():
    print("posted")

schedule.every(10).minutes.do(post)

while True:
    schedule.run_pending()
    time.sleep(1)
"""
"""The loop of the documentation of `schedule`."""


def jobs_of(twin: Twin) -> list[str]:
    """The names of all jobs, from the error about an unknown name."""
    error = re.search(r"the jobs are: (.*)", twin.command("run", "nothing").stderr)
    assert error is not None
    return error[1].split(", ")


def test_the_template_runs_as_it_is(lonely: Twin) -> None:
    shutil.copy(ROOT / "examples/jobs.py", lonely.directory / "jobs.py")
    assert jobs_of(lonely) == ["jobs.greet", "jobs.digest"]
    for job in jobs_of(lonely):
        done = lonely.command("run", job)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "this is the digest of" in done.stdout


@pytest.mark.parametrize("shown", SHOWN)
def test_each_example_of_the_docs_runs_as_it_is(shown: str, lonely: Twin) -> None:
    (lonely.directory / "jobs.py").write_text(shown)
    for job in jobs_of(lonely):
        assert lonely.command("run", job).returncode == 0


def test_a_script_with_its_own_loop_runs_as_it_is(lonely: Twin) -> None:
    (lonely.directory / "bot.py").write_text(BOT)
    done = lonely.command("run", "bot.post", JOBS="bot.py")
    assert done.returncode == 0
    assert "posted" in done.stdout
