"""`RUN` and the tables `[[run]]`: which commands run on duty."""

from pathlib import Path

import pytest

from twin.core.command import Command, Restart
from twin.settings.settings import SettingsError, read_settings

LEAST = {"TWIN_NAME": "a", "BASIC_AUTH_USERNAME": "user", "BASIC_AUTH_PASSWORD": "own-s3cret"}
TWO = """
[[target]]
name = "docker:shop"
timetable = "=1"

[[run]]
command = "node bot.js"
stop_within = "20s"
restart = "on-failure"
probe_url = "http://127.0.0.1:$PORT/health"
env = ["SCALE_API_KEY"]

[[run]]
name = "beat"
command = "celery -A tasks beat"
"""


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(**environ: str) -> tuple[Command, ...]:
    return read_settings({**LEAST, **environ}).commands


def problem(file: str = "", **environ: str) -> str:
    """The only problem."""
    Path("twin.toml").write_text(file, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        read(**environ)
    (sentence,) = error.value.problems
    return sentence


def test_without_settings_there_is_no_command() -> None:
    assert read() == ()


def test_a_command_is_named_after_its_program_and_is_always_restarted() -> None:
    (command,) = read(RUN="TOKEN=s3cret /usr/bin/node bot.js")
    assert command == Command(
        "node", "TOKEN=s3cret /usr/bin/node bot.js", 10, Restart.ALWAYS, None, ()
    )
    assert "s3cret" not in repr(command)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("cd bots && TZ=UTC exec ./poll.py", "poll.py"),
        ("'/opt/my bots/run'", "run"),
        ("echo 'it", "echo"),
        ("&&", "command"),
    ],
)
def test_a_command_without_a_name_gets_one_from_its_line(line: str, name: str) -> None:
    assert read(RUN=line)[0].name == name


def test_commands_of_the_environment_and_the_file_add_up() -> None:
    Path("twin.toml").write_text(TWO, encoding="utf-8")
    first, bot, beat = read(RUN="python poll.py", RUN_STOP_WITHIN="5s", RUN_RESTART="never")
    assert (first.name, first.stop_within_s, first.restart) == ("python", 5, Restart.NEVER)
    assert bot == Command(
        *("node", "node bot.js", 20, Restart.ON_FAILURE),
        *("http://127.0.0.1:$PORT/health", ("SCALE_API_KEY",)),
    )
    assert (beat.name, beat.line) == ("beat", "celery -A tasks beat")


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"RUN_RESTART": "never"}, "RUN_RESTART is set, but RUN is not: set it to a command"),
        ({"RUN": "x", "RUN_STOP_WITHIN": "21s"}, "RUN_STOP_WITHIN is 21s: use 20s or less"),
        (
            {"RUN": "x", "RUN_RESTART": "sometimes"},
            "RUN_RESTART: 'sometimes' is unknown: use always, on-failure, never",
        ),
        (
            {"RUN": "x", "RUN_PROBE_URL": "localhost"},
            "RUN_PROBE_URL: 'localhost' is no URL: write it like https://my-app.example.com",
        ),
    ],
)
def test_a_problem_of_the_environment_is_named_with_the_remedy(
    environ: dict[str, str], sentence: str
) -> None:
    assert problem(**environ) == sentence


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("[[run]]", "twin.toml, run 1: command is not set: write what to run, such as command ="),
        ("[[run]]\ncommand = 'x'\nname = 'a b'", "name is 'a b': use up to 60 letters, digits,"),
        ("[[run]]\ncommand = 'x'\nrun_probe = 'y'", "no setting of a run: did you mean probe_url"),
        ("[[run]]\ncommand = 'x'\nenv = [3]", "env must be a text in quotes"),
        ("[run]\ncommand = 'x'", "twin.toml: begin each run with a line [[run]], in two pairs"),
        ("[[run]]\ncommand = 'x'\n" * 2, "two commands are named x: give one another name"),
        ("[[run", "twin.toml cannot be read"),
        ("max = 3", "twin.toml: max is unknown here: settings stand below lines [[target]] or [["),
    ],
)
def test_a_problem_of_the_file_is_reported_once(file: str, part: str) -> None:
    assert part in problem(file)
