"""`python -m twin.sim SEED` plays one seed again; `--minutes 5` proves fresh ones on all cores."""

import argparse
import sys

from twin.clock import Clock
from twin.sim.faults import CLIMATES
from twin.sim.prove import MIX, Broken, live, prove


def main(arguments: list[str]) -> int:
    asked = _parser().parse_args(arguments)
    if asked.minutes is None:
        if asked.seed is None:
            _parser().error("say which SEED to play, or for how many --minutes to prove")
        seen = live((asked.seed, asked.weather or "storm"))
        print(seen)
        return isinstance(seen, Broken)
    first_seed = int(Clock().now().wall) if asked.seed is None else asked.seed
    mix = [asked.weather] if asked.weather else MIX
    tally = prove(asked.minutes, first_seed, mix, sys.stdout)
    print(tally)
    for broken in tally.broken:
        print(f"\n{broken}")
    return bool(tally.broken)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m twin.sim", description=__doc__)
    parser.add_argument("seed", nargs="?", type=int, help="with --minutes: the first of many")
    parser.add_argument("--weather", choices=CLIMATES, help="storm, and with --minutes all of them")
    parser.add_argument("--minutes", type=float)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
