"""A new seed in each run."""

import os
from random import SystemRandom

import pytest


@pytest.fixture
def seed() -> int:
    """SEED=1 repeats a run; a failure shows the arguments of its test, and so the seed."""
    return int(os.environ.get("SEED", SystemRandom().randrange(10**6)))
