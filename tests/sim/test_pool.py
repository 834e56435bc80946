"""Work for all cores (`twin.sim.pool`)."""

import os
from concurrent.futures.process import BrokenProcessPool

import pytest

from twin.sim.pool import each


def test_a_worker_that_dies_is_an_error_and_ends_the_others() -> None:
    with pytest.raises(BrokenProcessPool):
        list(each(_die, range(8), workers=2))


def _die(lot: int) -> None:
    if lot == 1:
        os._exit(1)
