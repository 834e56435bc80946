"""Hundreds of days of a pair, on all cores: mostly quiet, with some stormy hours.

`make prove` plays fresh ones for a given time.
"""

from itertools import chain

from twin.sim.pool import each
from twin.sim.prove import Lot, Tally, live

HARD = ("fine", "storm", "strangers", "shifts")
LOTS: list[Lot] = [
    *((seed, "quiet") for seed in range(240)),
    *((seed, "day") for seed in range(50)),
    *chain.from_iterable(((seed, mix) for mix in HARD) for seed in range(100, 108)),
]


def test_in_hundreds_of_days_every_promise_is_kept() -> None:
    tally = Tally()
    for seen in each(live, LOTS):
        tally.add(seen)
    assert not tally.broken, "\n\n".join(map(str, tally.broken))
    assert tally.pair_days > 290
