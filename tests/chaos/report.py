"""The report of a run: broken promises with their evidence, and the table."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from account import Account, Slots, Struck
from faults import FAULTS, FIRST_WAKE, FOLLOWED_S
from witness import Span

from twin.lab.collected import Line

_TOGETHER_S = 0.25
"""Two logs do not arrive in order to the millisecond."""
_MARGIN_S = 10.0
"""How much of the log is shown before and after a fault."""

_ENDLESS = float("inf")

_ORDER = [fault.name for fault in (FIRST_WAKE, *FAULTS)]
_HEAD = (
    *("fault", "times", "ran", "skipped", "unknown", "lost", "doubled", "excused"),
    *("back, median", "worst", "longest vacancy", "one on duty", "broken"),
)
_LEGEND = """\
excused: lost or doubled where the protocol promises nothing; back: until somebody is on duty again;
one on duty: the longest time until exactly one was, after the fault was undone and all were up"""


@dataclass
class Tried:
    """One fault and its outcome."""

    struck: Struck
    slots: Slots
    back_s: float
    """The time until a twin was on duty again."""
    vacant_s: float
    """The longest time without a holder during the fault."""
    broken: list[str] = field(default_factory=list)


class Lag:
    """How late this machine's timers fired; the twins' may have been as late."""

    def __init__(self) -> None:
        self._late: list[tuple[float, float]] = []

    def add(self, at: float, late_s: float) -> None:
        self._late.append((at, late_s))

    def worst_s(self, since: float, until: float) -> float:
        return max((late for at, late in self._late if since <= at <= until + 1), default=0.0)


@dataclass
class Report:
    seed: int
    evidence: Path
    tried: list[Tried] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    """Pairs that did not recover, with the reason."""

    @property
    def broken(self) -> int:
        return sum(len(each.broken) for each in self.tried) + len(self.stopped)

    def add(self, account: Account, lag: Lag) -> None:
        """Judge a pair's faults, and record the evidence of a failure."""
        slots = account.by_strike()
        lines = account.pair.platform.log.lines
        for struck, until in _with_ends(account.strikes, lines[-1].at):
            tried = judged(account, struck, until, slots.get(struck.number, Slots()), lag)
            self.tried.append(tried)
            if tried.broken:
                since = struck.at - _MARGIN_S
                self._write(tried, [x for x in lines if since <= x.at <= until + _MARGIN_S])

    def _write(self, tried: Tried, lines: list[Line]) -> None:
        struck = tried.struck
        head = f"SEED={self.seed} fault {struck.number} of pair {struck.pair}: {struck.fault.name}"
        told = [f"{head}, {struck.target}", *tried.broken, *(f"{x.at:.3f} {x}" for x in lines), ""]
        with self.evidence.open("a") as file:
            file.write("\n".join(told) + "\n")

    def __str__(self) -> str:
        kinds: dict[str, list[Tried]] = {}
        for each in sorted(self.tried, key=lambda tried: tried.struck.number):
            kinds.setdefault(each.struck.fault.name, []).append(each)
        rows = [_row(name, kinds[name]) for name in sorted(kinds, key=_ORDER.index)]
        text = [_table([_HEAD, *rows, _row("all", self.tried)]), _LEGEND, _excuses(self.tried)]
        for each in self.tried:
            text += [f"BROKEN fault {each.struck.number}: {what}" for what in each.broken]
        text += [f"STOPPED {why}" for why in self.stopped]
        if self.broken:
            text.append(f"SEED={self.seed}; the log is in {self.evidence}")
        return "\n".join(line for line in text if line)


def judged(account: Account, struck: Struck, until: float, slots: Slots, lag: Lag) -> Tried:
    """Compare one fault with the promises; the delay of a busy machine is granted."""
    witness, at = account.witness, struck.at
    bound_s = struck.fault.within_s if struck.was_whole else FOLLOWED_S
    vacancies = _begun(witness.vacancies(at, _ENDLESS), until)
    follows = [span for span in vacancies if span.since - at < 1]
    back_s = follows[0].until - at if follows else 0.0
    tried = Tried(struck, slots, back_s, _longest(vacancies))
    busy_s = lag.worst_s(at, until)
    busy = f" (timers were up to {busy_s:.2f} s late)"
    if slots.lost or slots.doubled:
        tried.broken.append(f"lost {slots.lost}, doubled {slots.doubled}")
    unserved_s = _longest(_begun(witness.unserved(at, _ENDLESS), until))
    if bound_s < FOLLOWED_S and back_s > bound_s + busy_s:
        tried.broken.append(f"nobody was on duty for {back_s:.2f} s, not {bound_s:g} s{busy}")
    if unserved_s > FOLLOWED_S + busy_s:
        tried.broken.append(f"nobody was on duty for {unserved_s:.2f} s{busy}")
    if struck.awaited and struck.one_s > FOLLOWED_S + busy_s:
        tried.broken.append(f"not one on duty until {struck.one_s:.2f} s after it healed{busy}")
    shared = [x for x in witness.shared(at, until) if x.seconds > _TOGETHER_S + busy_s]
    tried.broken += [
        f"two on duty for {x.seconds:.2f} s{busy}" for x in shared if not account.excuse(x.since)
    ]
    return tried


def _begun(spans: list[Span], until: float) -> list[Span]:
    """The stretches that began before `until`; an open one counts until then."""
    return [
        span if span.until < _ENDLESS else Span(span.since, until)
        for span in spans
        if span.since < until
    ]


def _longest(spans: Iterable[Span]) -> float:
    return max((span.seconds for span in spans), default=0.0)


def _with_ends(strikes: list[Struck], end: float) -> list[tuple[Struck, float]]:
    ends = [strike.at for strike in strikes[1:]]
    if strikes:
        ends.append(min(strikes[-1].whole_at, end))
    return list(zip(strikes, ends, strict=True))


def _row(name: str, tried: list[Tried]) -> tuple[str, ...]:
    slots = [each.slots for each in tried]
    backs = [each.back_s for each in tried]
    ones = [each.struck.one_s for each in tried if each.struck.awaited]
    return (
        *(name, str(len(tried)), str(sum(x.ran for x in slots))),
        *(str(sum(x.skipped for x in slots)), str(sum(x.unknown for x in slots))),
        *(str(sum(len(x.lost) for x in slots)), str(sum(len(x.doubled) for x in slots))),
        str(sum(x.excused.total() for x in slots)),
        *(f"{median(backs or [0]):.2f} s", f"{max(backs, default=0):.2f} s"),
        f"{max((each.vacant_s for each in tried), default=0):.2f} s",
        f"{max(ones, default=0):.2f} s",
        str(sum(len(each.broken) for each in tried)),
    )


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _excuses(tried: list[Tried]) -> str:
    sums: Counter[str] = Counter()
    for each in tried:
        sums += each.slots.excused
    return "".join(f"excused, {why}: {count}\n" for why, count in sums.items()).rstrip()
