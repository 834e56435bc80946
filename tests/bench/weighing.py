"""Rows of what has to be imported and installed, and of the simulator."""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import median

from measured import TIMES, Limit, Row, alternately
from subjects import now

from twin.sim.faults import MIXES
from twin.sim.play import play
from twin.sim.prove import PROVED

_BARE = ("fastapi", "uvicorn", "httpx", "schedule")


def imports() -> Iterator[Row]:
    names = ", ".join(_BARE)
    ours, baseline = alternately(
        lambda: _import_ms(names), lambda: _import_ms("twin.commands.cli, twin.assemble"), 9
    )
    yield Row("import time", ours, baseline, "ms", "bare", Limit(1.3))
    lines = Path("requirements.in").read_text().split()
    told, limit = "installed size of the dependencies", Limit(1.3)
    yield Row(told, _installed_mb(lines), _installed_mb(_BARE), "MB", "bare", limit)


def _import_ms(names: str) -> float:
    began = now()
    subprocess.run([sys.executable, "-c", f"import {names}"], check=True)
    return (now() - began) * 1000


def _installed_mb(requirements: Iterable[str]) -> float:
    """With all that they need, and without what Python compiles of it."""
    found: set[str] = set()
    for requirement in requirements:
        _collect(requirement, found)
    files = [file for name in found for file in distribution(name).files or ()]
    paths = {Path(str(file.locate())) for file in files if file.suffix != ".pyc"}
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def _collect(requirement: str, found: set[str]) -> None:
    """Takes what is installed for what is needed, with no extra but `timezone` of schedule."""
    match = re.match(r"[\w.-]+", requirement)
    assert match is not None
    name = match[0].lower().replace("_", "-")
    if name in found:
        return
    try:
        needs = distribution(name).requires or []
    except PackageNotFoundError:
        return  # of another platform or Python
    found.add(name)
    for need in needs:
        if "extra ==" not in need or ("timezone" in need and "[timezone]" in requirement):
            _collect(need, found)


def simulated() -> Iterator[Row]:
    """In this process, so on one core."""
    limit = Limit(1_000_000, at_least=True)
    for told, names, kept in (
        ("a quiet day", ("quiet",), limit),
        ("a day with its faults", ("day",), limit),
        ("all mixes of make prove", PROVED, None),
    ):
        speed = median(_speed(seed, names) for seed in range(1, TIMES + 1))
        yield Row(f"simulated time, {told}", speed, 1, "s/s", "real time", kept)


def _speed(seed: int, names: Iterable[str]) -> float:
    """How many seconds pass in one."""
    began = now()
    seconds = sum(play(seed, MIXES[mix]).seconds for mix in names)
    return seconds / (now() - began)
