"""README and docs/: links, and names checked against the code."""

import ast
import os
import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from node_bench import ENVIRON
from processes import run

from twin.commands.cli import COMMANDS
from twin.hosts import HOSTS
from twin.scaling.platforms import PLATFORMS, _platform
from twin.settings.settings import SettingsError, read_settings

ROOT = Path(__file__).parents[1]
PAGES = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md"))]
PAGES += sorted((ROOT / "docs").glob("*.md"))
CODE = sorted(set((ROOT / "twin").rglob("*.py")) - set((ROOT / "twin/lab").rglob("*.py")))
SETTINGS = (ROOT / "docs/settings.md").read_text()
OPERATIONS = (ROOT / "docs/operations.md").read_text()

EXAMPLES = [_platform(name).EXAMPLE.split()[-1] for name in PLATFORMS]
"""One target on each platform."""

SCALED = {"SCALE_TARGET": "my-app", "SCALE_API_KEY": "key", "SCALE_TIMETABLE": "07:00=3"}
USER = {"JOBS": "elsewhere", "RUN": "node bot.js"}
SET = {**ENVIRON, **SCALED, **USER, "PROBE_URL": "https://my-app.example"}


def section(text: str, heading: str) -> str:
    """The text from the heading to the next one of its level or above."""
    level = heading.partition(" ")[0]
    found = re.search(
        rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.M | re.S
    )
    assert found is not None, heading
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of each row of all tables, without the headers."""
    lines = re.findall(r"^\|(?!---|.*\|\n\|---)(.*)\|$", text, re.M)
    return [[cell.strip() for cell in line.split(" | ")] for line in lines]


def code_in(cell: str) -> list[str]:
    return re.findall("`([^`]+)`", cell)


# ---- links


def links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
        for link in re.findall(r"\]\(([^)\s]+)\)", prose):
            if not re.match("[a-z]+:", link):
                yield page, link


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub names them in links."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    seen: Counter[str] = Counter()
    names = set()
    for heading in re.findall(r"^#+ (.+?) *$", prose, re.M):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        names.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return names


@pytest.mark.parametrize(
    ("page", "link"), [pytest.param(*each, id=f"{each[0].name}:{each[1]}") for each in links()]
)
def test_a_link_leads_to_an_existing_file_and_heading(page: Path, link: str) -> None:
    path, _, anchor = link.partition("#")
    led_to = (page.parent / path).resolve() if path else page
    assert led_to.exists()
    assert not anchor or anchor in anchors(led_to)


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {(page.parent / link).resolve() for page, link in links() if page == PAGES[0]}
    assert set(PAGES[1:]) <= linked


@pytest.mark.parametrize(
    "named", sorted(set(re.findall(r"`(\w+\.py):([\w.]+)`", (ROOT / "docs/strict.md").read_text())))
)
def test_each_function_that_strict_mode_names_exists(named: tuple[str, str]) -> None:
    file, name = named
    text = (ROOT / "twin/core/pair" / file).read_text()
    assert re.search(rf"^ *(def|class) {name.rpartition('.')[2]}\b", text, re.M)


def test_each_test_that_strict_mode_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/strict.md").read_text()))
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= there


# ---- settings


class Asked(dict[str, str]):
    """An environment that records the variables read."""

    def __init__(self, content: dict[str, str]) -> None:
        super().__init__(content)
        self.names: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # one kind of use
        self.names.add(name)
        return super().get(name, default)


def read_by_the_settings() -> set[str]:
    """The variables that the settings read on each host, with a target of each kind."""
    names: set[str] = set()
    for signs in ({}, *({host.sign: "x", host.app_name: "a", "TWIN_NAME": ""} for host in HOSTS)):
        for example in EXAMPLES:
            pod = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}
            asked = Asked({**SET, **signs, **pod, "SCALE_TARGET": example})
            read_settings(asked)
            names |= asked.names
    return names


def read_elsewhere() -> set[str]:
    """The variables that the rest of the code reads by a literal name."""
    names = set()
    for file in CODE:
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(
                    ast.Attribute(of, "get"), [ast.Constant(str(name)), *_]
                ) | ast.Subscript(of, ast.Constant(str(name))) if ast.unparse(of).endswith(
                    "environ"
                ):
                    names.add(name)
    return names


def documented() -> list[str]:
    """The names in the first column of the tables."""
    text = SETTINGS.replace(section(SETTINGS, "## `twin.toml`"), "")
    return [name for row in rows(text) for name in code_in(row[0])]


def test_the_documented_settings_are_those_that_are_read() -> None:
    assert sorted(documented()) == sorted(read_by_the_settings() | read_elsewhere())


def test_every_key_of_a_target_is_documented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "twin.toml").write_text("[[target]]\nzzz = 1\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as error:
        read_settings(ENVIRON)
    (known,) = re.findall("there are (.*)", error.value.problems[0])
    table = section(SETTINGS, "## `twin.toml`")
    assert sorted(code_in(row[0])[0] for row in rows(table)) == sorted(known.split(", "))


def with_values(column: int) -> list[tuple[str, str]]:
    """The settings in tables with examples, with the value in this column, if any."""
    full = [row for row in rows(SETTINGS) if len(row) == 4]
    return [
        (code_in(row[0])[0], row[column].strip("`"))
        for row in full
        if re.fullmatch("`[^`]+`", row[column])
    ]


@pytest.mark.parametrize(("name", "default"), with_values(1))
def test_a_documented_default_is_what_an_unset_setting_means(name: str, default: str) -> None:
    without = {key: value for key, value in SET.items() if key != name}
    value = SET.get(default, default)  # the name of another setting, or a value
    assert read_settings({**without, name: value}) == read_settings(without)


@pytest.mark.parametrize(
    ("name", "example"),
    [each for each in with_values(3) if each[0] != "SSL_CERT_FILE"],  # the reader's own file
)
def test_a_documented_example_of_a_setting_is_valid(
    name: str, example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bot.py").touch()
    read_settings({**SET, name: example})


def test_the_documented_example_of_several_targets_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = SETTINGS.partition("```toml\n")[2].partition("```")[0]
    assert len(tomllib.loads(example)["target"]) == 2
    (tmp_path / "twin.toml").write_text(example)
    monkeypatch.chdir(tmp_path)
    settings = read_settings({**ENVIRON, "SCALE_API_KEY": "key"})
    assert [each.target.name for each in settings.targets] == ["my-app/web", "docker:shop"]


# ---- commands, events


def test_the_documented_commands_are_those_that_exist() -> None:
    shown = set()
    for page in PAGES:
        shown |= set(re.findall(r"python -m twin ([a-z]+)\b", page.read_text()))
    assert shown == set(COMMANDS)


def test_every_documented_make_target_exists() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    for page in PAGES:
        for target in re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(), re.M):
            assert target in targets, f"{page.name}: make {target}"


def test_every_documented_event_is_logged() -> None:
    written = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', "".join(file.read_text() for file in CODE)))
    table = section(OPERATIONS, "## The log")
    documented = {event for row in rows(table) for event in code_in(row[0])}
    assert documented <= written


def test_the_documented_plan_is_what_the_command_prints() -> None:
    """It shows one month and one seed: after a visible change, print it again."""
    shown = re.search(r"^\$ (.*) python -m twin plan\n(.*?)\n```", OPERATIONS, re.M | re.S)
    assert shown is not None
    settings = dict(word.split("=", 1) for word in shlex.split(shown[1]))
    printed = run("plan", environ={"PATH": os.environ["PATH"], **settings}, directory=ROOT)
    assert printed.stdout.splitlines() == shown[2].splitlines()
