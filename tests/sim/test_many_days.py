"""Two thousand days of a pair, on all cores: most are quiet, as days are, and some hours stormy."""

from itertools import chain

from twin.sim.prove import Lot, Tally, each

HARD = ("fine", "storm", "strangers", "shifts")
LOTS: list[Lot] = [
    *((seed, "quiet") for seed in range(1_850)),
    *((seed, "day") for seed in range(150)),
    *chain.from_iterable(((seed, weather) for weather in HARD) for seed in range(100, 125)),
]


def test_in_two_thousand_days_every_promise_is_kept() -> None:
    tally = Tally()
    for seen in each(LOTS):
        tally.add(seen)
    assert not tally.broken, "\n\n".join(map(str, tally.broken))
    assert tally.pair_days > 2_000
