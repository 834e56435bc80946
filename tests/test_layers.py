"""Who may import whom, read from the code itself."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import twin

ROOT = Path(twin.__file__).parent
PARTS = ("core", "duties", "adapters", "web", "commands", "sim", "lab")

MAY_IMPORT = {
    "core": {"core"},
    "sim": {"sim", "core", "clock", "hosts"},
    "duties": {"duties", "core", "log"},
    "adapters": {"adapters", "core", "clock", "log", "config", "hosts", "node", "wire", "jobs"},
    "web": {
        *("web", "core", "clock", "log", "config", "node", "wire", "address", "hosts", "__init__"),
    },
    "lab": {"lab", "clock", "log", "core", "__init__"},
    "config": {"__init__", "address", "core", "hosts", "reader", "scaled"},
    "scaled": {"address", "core", "reader", "settings_file", "targets"},
    "settings_file": {"reader", "textfile"},
    "env_file": {"textfile"},
    "textfile": set(),
    "reader": {"address", "core"},
    "targets": {"adapters", "address", "clock", "core"},
    "wire": {"address", "core"},
    "node": {"chronicle", "clock", "core", "log"},
    "chronicle": {"core"},
    "clock": {"core"},
    "jobs": {"core"},
    "address": set(),
    "hosts": set(),
    "log": set(),
    "output": {"log"},
    "complaints": {"log"},
    "forks": set(),
    "signals": {"forks"},
    "reaper": set(),
    "standard_streams": set(),
    "__main__": {
        *("cli", "commands", "env_file", "forks", "output", "reaper", "signals"),
        *("standard_streams", "textfile"),
    },
}
"""By part of the package, what it imports of it. Those that are not here join the others."""

PURE = {
    *("bisect", "calendar", "collections", "dataclasses", "datetime", "difflib", "enum"),
    *("fractions", "functools", "hashlib", "heapq", "itertools", "json", "math", "operator", "re"),
    *("string", "types", "typing", "zoneinfo", "cronsim", "__future__"),
}
"""What computes, and neither acts nor looks at anything outside."""


def files(part: str) -> list[Path]:
    folder = ROOT / part
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [ROOT / f"{part}.py"]


def imported(file: Path) -> Iterator[str]:
    """Every module that the file names in an import, wherever the line stands."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            module = node.module or ""
            # `from twin.core import duty` names a module; `from twin import every` does not.
            inside = ROOT.joinpath(*module.split(".")[1:])
            for alias in node.names:
                is_module = inside.is_dir() and (
                    (inside / f"{alias.name}.py").exists() or (inside / alias.name).is_dir()
                )
                yield f"{module}.{alias.name}" if is_module else module


def ours(file: Path) -> set[str]:
    """The parts of this package that the file imports."""
    names = {name for name in imported(file) if name.split(".")[0] == "twin"}
    return {name.split(".")[1] if "." in name else "__init__" for name in names}


def others(file: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(file)} - {"twin"}


def test_every_part_is_looked_at() -> None:
    found = {entry.stem for entry in ROOT.iterdir() if entry.suffix == ".py" or entry.is_dir()}
    joining = {"assemble", "duty_jobs", "cli", "commands", "__init__"}
    assert found - {"__pycache__"} == set(MAY_IMPORT) | joining


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_imports_go_one_way(part: str) -> None:
    for file in files(part):
        assert ours(file) <= MAY_IMPORT[part], f"{file} imports {ours(file) - MAY_IMPORT[part]}"


def test_core_imports_nothing_that_acts_or_looks_outside() -> None:
    for file in files("core"):
        assert others(file) <= PURE, f"{file} imports {others(file) - PURE}"


def test_nothing_imports_the_lab_but_the_commands() -> None:
    for file in ROOT.rglob("*.py"):
        inside = file.relative_to(ROOT).parts[0]
        if "lab" in ours(file):
            assert inside in ("lab", "cli.py"), file
        if "sim" in ours(file):
            assert inside in ("sim", "cli.py", "commands"), file


def test_only_the_clock_reads_time() -> None:
    for file in ROOT.rglob("*.py"):
        if file != ROOT / "clock.py":
            assert "time" not in others(file), file
            assert not list(readings(file)), file


def readings(file: Path) -> Iterator[str]:
    """`datetime.now()` and its like."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today"):
            of = node.value
            if isinstance(of, ast.Name) and of.id in ("datetime", "date"):
                yield f"{of.id}.{node.attr}"


def test_whatever_is_imported_is_of_python_or_in_the_requirements() -> None:
    wanted = {"fastapi", "starlette", "pydantic", "pydantic_core", "uvicorn", "httpx", "schedule"}
    wanted |= {"dotenv", "cronsim", "pytz", "h11", "apprise"}
    for file in ROOT.rglob("*.py"):
        strange = others(file) - wanted - sys.stdlib_module_names
        assert not strange, f"{file} imports {strange}"
