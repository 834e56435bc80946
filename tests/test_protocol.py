"""The timeouts, functions, tests and scenarios that docs/protocol.md names exist."""

import ast
import re
from pathlib import Path

import pytest

from twin.core.pair import timeouts

ROOT = Path(__file__).parents[1]
PAIR = ROOT / "twin/core/pair"
TEXT = " ".join((ROOT / "docs/protocol.md").read_text("utf-8").split())

DECISIONS = (ROOT / "docs/decisions.md").read_text("utf-8")

VALUES = {name: value for name, value in vars(timeouts).items() if name.isupper()}
RULES = [int(number) for number in re.findall(r"\*\*R(\d+)\.", TEXT)]


def defined_in(path: Path) -> set[str]:
    """Classes, functions and methods (`Class.method`) of a file."""
    names = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = (ast.FunctionDef, ast.AsyncFunctionDef)
            names |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, methods)}
    return names


def timeouts_in(text: str) -> set[str]:
    return set(re.findall(r"`([A-Z]+(?:_[A-Z]+)*_(?:S|WAKES|FAILURES))`", text))


def all_test_files() -> str:
    files = [*(ROOT / "tests/core/pair").glob("*.py"), *(ROOT / "tests/sim").glob("*.py")]
    return " ".join(" ".join(path.read_text("utf-8") for path in files).split())


def in_order(found: list[str]) -> list[str]:
    return sorted(set(found))


def test_each_timeout_is_listed_once_with_its_value() -> None:
    listed = re.findall(r"\| `(\w+)` \| ([\d.]+(?: s)?) \|", TEXT)
    assert listed == [
        (name, f"{value:g}{' s' if name.endswith('_S') else ''}") for name, value in VALUES.items()
    ]


def test_each_timeout_has_a_rule_and_each_rule_names_known_timeouts() -> None:
    rules = TEXT[TEXT.index("## Rules") : TEXT.index("## What is promised")]
    assert timeouts_in(rules) == timeouts_in(TEXT) == VALUES.keys()


@pytest.mark.parametrize("named", in_order(re.findall(r"`([\w/]+\.py:[\w.]+)`", TEXT)))
def test_each_function_exists_in_its_file(named: str) -> None:
    file, name = named.split(":")
    path = ROOT / file if "/" in file else PAIR / file
    assert name in defined_in(path)


def test_each_test_exists() -> None:
    missing = [
        name
        for name in in_order(re.findall(r"`(test_\w+)`", TEXT))
        if f"def {name}(" not in all_test_files()
    ]
    assert not missing


@pytest.mark.parametrize("case", in_order(re.findall(r"`test_\w+` \(\"(.*?)\"\)", TEXT)))
def test_each_case_of_a_test_exists(case: str) -> None:
    assert f'"{case}"' in all_test_files()


@pytest.mark.parametrize("name", in_order(re.findall(r"scenario `(\w+)`", TEXT)))
def test_each_scenario_exists(name: str) -> None:
    assert (ROOT / f"tests/sim/scenarios/{name}.txt").is_file()


@pytest.mark.parametrize("name", in_order(re.findall(r"switched off by `(\w+)`", TEXT)))
def test_each_switch_exists(name: str) -> None:
    assert name in defined_in(ROOT / "tests/sim/test_rules_are_needed.py")


def test_rules_are_numbered_in_order_and_each_has_a_reason_code_and_a_test() -> None:
    assert list(range(1, len(RULES) + 1)) == RULES
    rules = TEXT[: TEXT.index("## What is promised")].split("**R")[1:]
    parts = ("*Why:*", "*Code:* `", "*Test:* `test_")
    assert [rule[:9] for rule in rules if any(rule.count(part) != 1 for part in parts)] == []


@pytest.mark.parametrize("text", [TEXT, DECISIONS], ids=["protocol", "decisions"])
def test_every_referenced_rule_exists(text: str) -> None:
    assert {int(number) for number in re.findall(r"\bR(\d+)\b", text)} <= set(RULES)
