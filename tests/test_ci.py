"""Continuous integration against the promised versions, and the lock of the requirements."""

import importlib.util
import re
import tomllib
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OLDEST = PROJECT["project"]["requires-python"].removeprefix(">=")
LOCKED = re.compile(
    r"^([\w.-]+)==(\S+)(?: ;[^\\]*)? \\\n((?: +--hash=sha256:[0-9a-f]{64}.*\n)+)", re.M
)


def read(name: str) -> str:
    return (ROOT / name).read_text()


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(name: str) -> dict[str, str]:
    """Versions by package, for packages with hashes."""
    return {canonical(package): version for package, version, _ in LOCKED.findall(read(name))}


def chosen(lines: Sequence[object]) -> dict[str, str | None]:
    """Versions by package, of lines that name one and do not include a group."""
    named = [line for line in lines if isinstance(line, str)]
    matches = (re.match(r"([\w.-]+)(?:\[\w+\])?(?:==(\S+))?$", line) for line in named)
    return {canonical(match[1]): match[2] for match in matches if match}


# ---- Python


def test_the_oldest_python_is_the_same_in_every_file() -> None:
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{OLDEST.replace('.', '')}"
    assert PROJECT["tool"]["mypy"]["python_version"] == OLDEST
    assert f"OLDEST ?= python{OLDEST}\n" in read("Makefile")
    assert f"--python-version={OLDEST} " in read("Makefile")
    assert f"Python {OLDEST} or newer" in read("README.md")


def test_the_image_and_the_buildpack_have_the_same_python() -> None:
    images = re.findall(r"^FROM python:(\d+\.\d+)\.", read("Dockerfile"), re.M)
    assert images == [read(".python-version").strip()] * 2


def test_continuous_integration_runs_the_oldest_and_the_deployed_python() -> None:
    script = read(".ci/run")
    assert "newest=$(cat .python-version)" in script
    assert re.search(r'find_python "\$newest"\).*\nrun make test ', script)
    (pattern,) = re.findall(r"oldest=\$\(sed -n 's/(.*)/\\1/p' pyproject", script)
    assert re.search(pattern.replace(r"\(", "(").replace(r"\)", ")"), read("pyproject.toml"), re.M)
    assert re.search(r'find_python "\$oldest"\).*\n +run make test-oldest ', script)


# ---- packages


def test_all_requirements_are_locked_with_hashes() -> None:
    runs, develops = locked("requirements.txt"), locked("requirements-dev.txt")
    strict = locked("requirements-strict.txt")
    for name, version in chosen(read("requirements.in").splitlines()).items():
        assert runs[name] == (version or runs[name])
    for name, version in chosen(PROJECT["dependency-groups"]["dev"]).items():
        assert develops[name] == (version or develops[name])
    for name, version in chosen(PROJECT["dependency-groups"]["strict"]).items():
        assert strict[name] == version
    assert strict.keys() <= develops.keys()
    for one, other in combinations((runs, strict, develops), 2):
        assert all(one[name] == other[name] for name in one.keys() & other.keys())


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-strict.txt", "requirements-dev.txt"]
)
def test_every_package_has_a_hash_and_comes_from_the_index(name: str) -> None:
    text = read(name)
    assert len(locked(name)) == len(re.findall(r"^[^ #\n]", text, re.M))
    assert "://" not in text


# ---- vulnerabilities


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci/audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FINE = {"name": "fine", "version": "1", "vulns": []}
BROKEN = {"name": "bad", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
UNKNOWN = {"name": "odd", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("installed", "lines"),
    [
        ([FINE], ["audit: asked about 1 packages, 0 vulnerable"]),
        (
            [FINE, BROKEN, UNKNOWN],
            [
                "audit: bad 2: CVE-1, fixed in 3",
                "audit: asked about 2 packages, 1 vulnerable; not asked about 1: odd",
            ],
        ),
        ([UNKNOWN], ["audit: not asked about 1: odd"]),
    ],
)
def test_an_audit_reports_packages_it_could_not_ask_about(
    audit: ModuleType, installed: list[object], lines: list[str]
) -> None:
    assert audit.report(installed) == lines
