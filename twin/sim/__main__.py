"""`python -m twin.sim SEED` replays one seed; `--minutes 5` tries fresh seeds on all cores."""

import argparse
import sys

from twin.clock import Clock
from twin.sim.faults import MIXES
from twin.sim.prove import PROVED, STRICT, Broken, live, prove


def main(arguments: list[str]) -> int:
    asked = _parser().parse_args(arguments)
    if asked.minutes is None:
        if asked.seed is None:
            _parser().error("give a SEED to replay, or --minutes to try fresh seeds")
        seen = live((asked.seed, asked.mix or "storm"))
        print(seen)
        return isinstance(seen, Broken)
    first_seed = int(Clock().now().wall) if asked.seed is None else asked.seed
    names = [asked.mix] if asked.mix else PROVED
    tally = prove(asked.minutes, first_seed, names, sys.stdout)
    print(tally)
    for broken in tally.broken:
        print(f"\n{broken}")
    return bool(tally.broken)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m twin.sim", description=__doc__)
    parser.add_argument("seed", nargs="?", type=int, help="with --minutes: the first seed")
    parser.add_argument(
        "--mix", choices=[*MIXES, *STRICT], help="storm, and with --minutes all of them"
    )
    parser.add_argument("--minutes", type=float)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
