"""The allowed imports."""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import twin

ROOT = Path(twin.__file__).parent

CORE = {"core", "core.pair", "core.schedule", "core.scaling"}
BASE = {"__init__", "clock", "log", "hosts", "http"}
"""Modules that any folder outside the core may use."""

MAY_IMPORT = {
    "core": set(),
    "core.pair": {"core", "core.schedule"},
    "core.schedule": {"core"},
    "core.scaling": {"core"},
    "http": set(),
    "clock": {"core"},
    "log": set(),
    "hosts": set(),
    "process": {"log"},
    "worker": {"__init__", *BASE, *CORE, "node"},
    "settings": {"__init__", "hosts", "http", *CORE, "scaling.platforms"},
    "scaling.platforms": {*BASE, "core", "core.scaling"},
    "arbiter": {"core.pair", "http", "settings"},
    "node": {*BASE, *CORE, "arbiter", "settings"},
    "notify": {*BASE, *CORE, "node"},
    "scaling": {*BASE, *CORE, "node", "scaling.platforms", "settings"},
    "duties": {*BASE, *CORE, "node", "scaling", "settings"},
    "shutdown": {"clock", "core.pair", "duties", "hosts", "node", "notify", "web", "worker"},
    "web": {*BASE, *CORE, "node", "settings"},
    "sim": {"clock", "hosts", *CORE},
    "lab": {"__init__", "clock", "log", "core.scaling"},
    "__main__": {"commands", "process", "settings"},
}
"""The allowed imports of each folder or loose file of the package, except those in JOINING."""

JOINING = {"assemble", "commands"}
"""They join the parts, and may import any."""

PURE = {
    *("bisect", "calendar", "collections", "dataclasses", "datetime", "difflib", "enum"),
    *("fractions", "functools", "hashlib", "heapq", "itertools", "json", "math", "operator", "re"),
    *("string", "types", "typing", "zlib", "zoneinfo", "cronsim", "__future__"),
}
"""Libraries that only compute, without I/O."""


def imported(file: Path) -> Iterator[str]:
    """Every module that the file imports, on any line."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            module = node.module or ""
            # `from twin.core.pair import duty` names a module; `from twin import every` does not.
            inside = ROOT.joinpath(*module.split(".")[1:])
            for alias in node.names:
                is_module = inside.is_dir() and (
                    (inside / f"{alias.name}.py").exists() or (inside / alias.name).is_dir()
                )
                yield f"{module}.{alias.name}" if is_module else module


def module_of(file: Path) -> str:
    """The module's name without the package: `core.pair.duty`, `web`, `__init__`."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def folder_of(module: str) -> str:
    """The folder of a module; a loose file counts as its own folder."""
    path = ROOT.joinpath(*module.split("."))
    is_loose = "." not in module
    return module if is_loose or path.is_dir() else module.rpartition(".")[0]


def ours(file: Path) -> set[str]:
    """The modules of this package that the file imports."""
    names = {name for name in imported(file) if name.split(".")[0] == "twin"}
    return {name.partition(".")[2] or "__init__" for name in names}


def others(file: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(file)} - {"twin"}


FILES = {module_of(file): file for file in sorted(ROOT.rglob("*.py"))}
IMPORTS = {module: ours(file) - {module} for module, file in FILES.items() if module != "__init__"}
"""Without the package's own file, which imports the public names lazily."""


def folders() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for module, names in IMPORTS.items():
        folder = folder_of(module)
        found.setdefault(folder, set()).update({folder_of(name) for name in names} - {folder})
    return found


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """The nodes of one circle, in order; empty if there is none."""
    done: set[str] = set()

    def search(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        found = (search(below, [*path, node]) for below in sorted(graph.get(node, ())))
        first = next((each for each in found if each), [])
        done.add(node)
        return first

    return next((found for node in sorted(graph) if (found := search(node, []))), [])


def test_no_file_is_in_an_import_circle() -> None:
    assert circle(IMPORTS) == []


def test_no_folder_is_in_an_import_circle() -> None:
    assert circle(folders()) == []


def test_an_import_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def test_every_folder_is_checked() -> None:
    assert set(folders()) == set(MAY_IMPORT) | JOINING


def test_few_files_are_outside_folders() -> None:
    assert len(list(ROOT.glob("*.py"))) <= 8


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_go_one_way(folder: str) -> None:
    strange = folders()[folder] - MAY_IMPORT[folder]
    assert not strange, f"{folder} imports {strange}"


def test_the_pair_imports_only_the_job_of_the_schedule() -> None:
    pair = [names for module, names in IMPORTS.items() if module.startswith("core.pair.")]
    of_schedule = {name for name in set().union(*pair) if name.startswith("core.schedule")}
    assert of_schedule == {"core.schedule.job"}


def test_core_imports_only_pure_libraries() -> None:
    for module, file in FILES.items():
        if module.startswith("core"):
            assert others(file) <= PURE, f"{file} imports {others(file) - PURE}"


def test_only_commands_import_the_lab_and_the_simulator() -> None:
    for folder, names in folders().items():
        if folder != "commands":
            assert not names & {"lab", "sim"} - {folder}, folder


def test_only_the_clock_reads_time() -> None:
    for file in FILES.values():
        # A keeper is a separate process, and imports nothing of the package.
        if file not in (ROOT / "clock.py", ROOT / "worker/keeper.py"):
            assert "time" not in others(file), file
            assert not list(readings(file)), file


def readings(file: Path) -> Iterator[str]:
    """The calls of `datetime.now()` and similar."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today"):
            of = node.value
            if isinstance(of, ast.Name) and of.id in ("datetime", "date"):
                yield f"{of.id}.{node.attr}"


def test_every_library_is_in_the_standard_library_or_the_requirements() -> None:
    wanted = {"fastapi", "starlette", "pydantic", "pydantic_core", "uvicorn", "httpx", "schedule"}
    wanted |= {"dotenv", "cronsim", "pytz", "h11", "apprise"}
    wanted |= {"redis", "psycopg"}  # of requirements-strict.txt
    for file in FILES.values():
        strange = others(file) - wanted - sys.stdlib_module_names
        assert not strange, f"{file} imports {strange}"
