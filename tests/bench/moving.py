"""Rows of the duty that moves: how long after a signal the other twin has it."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import NamedTuple

from measured import Limit, Row
from processes import Twin, until
from subjects import now, pair, place, rest, settled

_PAIRS = 2
_TIMES = 10
"""On each pair: as many pairs as cores, lest the boots wait for one another."""
_DEAD_NODE_S = 3.5
"""keepalived's: three advertisements that do not come, a second apart, and a part of the next."""


class Case(NamedTuple):
    what: str
    number: signal.Signals
    comes_back: bool
    """Whether its host starts it again at once; else when the duty has moved."""
    at_most_s: float


_CASES = (
    Case("SIGTERM", signal.SIGTERM, False, 0.05),
    Case("SIGKILL, started again", signal.SIGKILL, True, 0.5),
    Case("SIGKILL, stays down", signal.SIGKILL, False, 0.5),
    Case("SIGSTOP", signal.SIGSTOP, False, 8),
)


def duty() -> Iterator[Row]:
    """Where nobody is between the two: a port whose process is gone refuses connections."""
    with ThreadPoolExecutor(_PAIRS) as pool:
        found = list(pool.map(lambda _: _moves(), range(_PAIRS)))
    for number, case in enumerate(_CASES):
        times = [took for moves in found for took in moves[number]]
        for name, took in (("median", median(times)), (f"worst of {len(times)}", max(times))):
            limit = Limit(case.at_most_s, of_ratio=False)
            told = f"duty moves: {case.what}, {name}"
            yield Row(told, took, _DEAD_NODE_S, "s", "keepalived, 3 to 4 s", limit)


def _moves() -> list[list[float]]:
    # Who is back joins: else the duty moves once more, whenever that boot is there.
    with place() as directory, pair(directory, ON_WAKE="join") as twins:
        return [[_move(*settled(*twins), case) for _ in range(_TIMES)] for case in _CASES]


def _move(holder: Twin, other: Twin, case: Case) -> float:
    assert holder.process is not None
    rest(1)
    known = other.output.count("event=duty.taken")
    began = now()
    holder.process.send_signal(case.number)
    if case.comes_back:
        holder.process.wait()
        holder.start()
    while other.output.count("event=duty.taken") == known:
        assert now() - began < 20, f"{other.name} did not take the duty after {case.what}"
        rest(0.002)
    took = now() - began
    if case.number is signal.SIGSTOP:
        holder.process.send_signal(signal.SIGCONT)
    elif not case.comes_back:
        holder.process.wait()
        holder.start()
    until(lambda: holder.role() == "standby", 30)
    return took
