"""What the README says of settings, checked against the code that reads them."""

import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from node_bench import ENVIRON
from processes import run

from twin.settings.settings import read_settings

README = Path(__file__).parents[1] / "README.md"
HOSTS_OWN = re.compile("HEROKU_|RENDER|DYNO")
SCALED = {"SCALE_TARGET": "my-app", "SCALE_API_KEY": "key", "SCALE_TIMETABLE": "07:00=3"}
SET = {**ENVIRON, **SCALED, "PROBE_URL": "https://my-app.example", "JOBS": "elsewhere"}


class Asked(dict[str, str]):
    """An environment that notes what is asked of it."""

    def __init__(self, content: dict[str, str]) -> None:
        super().__init__(content)
        self.names: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # one kind of use
        self.names.add(name)
        return super().get(name, default)


def rows() -> Iterator[tuple[list[str], list[str]]]:
    """The names of each row of the table of settings, and its defaults, `None` where there is none
    that could be written."""
    text = README.read_text().partition("| setting | default | |")[2].partition("\n\n")[0]
    for line in text.splitlines()[2:]:
        names, defaults = line.strip("|").split(" | ")[:2]
        yield re.findall("`([A-Z_]+)`", names), [each.strip() for each in defaults.split(", ")]


def test_every_setting_that_is_read_is_told_and_no_other() -> None:
    read = Asked(SET)
    docker = Asked({**SET, "SCALE_TARGET": "docker:shop"})
    read_settings(read)
    read_settings(docker)
    names = {name for name in read.names | docker.names if not HOSTS_OWN.match(name)}
    assert {name for told, _ in rows() for name in told} == names


@pytest.mark.parametrize(
    ("name", "default"),
    [
        (name, default.strip("`"))
        for names, defaults in rows()
        for name, default in zip(names, defaults, strict=False)
        if re.fullmatch("`[^`]+`", default)
    ],
)
def test_a_default_is_what_holds_without_the_setting(name: str, default: str) -> None:
    without = {key: value for key, value in SET.items() if key != name}
    assert read_settings({**without, name: default}) == read_settings(without)


def test_the_example_of_several_targets_can_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = README.read_text().partition("```toml\n")[2].partition("```")[0]
    assert len(tomllib.loads(example)["target"]) == 2
    (tmp_path / "twin.toml").write_text(example)
    monkeypatch.chdir(tmp_path)
    settings = read_settings({**ENVIRON, "SCALE_API_KEY": "key"})
    assert [str(each.target) for each in settings.targets] == ["my-app/web", "docker:shop"]


def test_the_plan_that_is_shown_is_what_the_command_prints() -> None:
    """It is of one month and one seed: after a change that shows in it, print it anew."""
    shown = re.search(r"^\$ (.*) python -m twin plan\n(.*?)\n```", README.read_text(), re.M | re.S)
    assert shown is not None
    settings = dict(word.split("=", 1) for word in shlex.split(shown[1]))
    printed = run("plan", environ={"PATH": os.environ["PATH"], **settings}, directory=README.parent)
    assert printed.stdout.splitlines() == shown[2].splitlines()
