"""Shared fixtures; also makes the modules of this folder importable."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from random import SystemRandom

import pytest
from hypothesis import HealthCheck, settings
from processes import Twin, twins, until

# The speed of a machine says nothing about the code.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

# A shell that starts the tests in the background has them, and all that they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

JOBS = """
from twin import every

@every("1h", name="good")
def good(run):
    print("ran", run.job.name, run.term, flush=True)

@every("1h", name="bad")
def bad():
    raise ValueError("no such thing")

@every("1h", name="exits")
def exits():
    raise SystemExit(3)

@every("1h", name="exits-well")
def exits_well():
    raise SystemExit(0)
"""


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Twin, Twin]]:
    """Two real twins; one is on duty."""
    with twins(tmp_path_factory.mktemp("pair"), JOBS) as (a, b):
        a.start()
        b.start()
        until(lambda: sorted([a.role(), b.role()]) == ["on_duty", "standby"])
        until(lambda: a.status()["peer"]["twin"] and b.status()["peer"]["twin"])
        yield a, b


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[Twin]:
    """The settings of a pair that does not run."""
    with twins(tmp_path, JOBS) as (a, _):
        yield a


@pytest.fixture
def seed() -> int:
    """A new seed in each run; SEED=1 repeats a run. A failure shows its test's arguments."""
    return int(os.environ.get("SEED", SystemRandom().randrange(10**6)))
