"""A row of the table: what was measured, beside what, and whether it keeps its limit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from statistics import linear_regression, median
from typing import Any

TIMES = 7
"""So often each side is measured at least; what is told is the median."""


@dataclass(frozen=True, slots=True)
class Limit:
    value: float
    of_ratio: bool = True
    """Else it is of our own value, in its unit."""
    at_least: bool = False

    def is_kept(self, ratio: float, ours: float) -> bool:
        held = ratio if self.of_ratio else ours
        return held >= self.value if self.at_least else held <= self.value

    def text(self, unit: str) -> str:
        return f"{'>=' if self.at_least else '<='} {self.value:,g} {'x' if self.of_ratio else unit}"


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    ours: float
    baseline: float
    unit: str
    beside: str
    """What the baseline is."""
    limit: Limit | None = None

    @property
    def ratio(self) -> float:
        if self.ours == self.baseline:
            return 1.0
        return self.ours / self.baseline if self.baseline else float("inf")

    @property
    def kept(self) -> bool | None:
        return None if self.limit is None else self.limit.is_kept(self.ratio, self.ours)

    @property
    def cells(self) -> tuple[str, ...]:
        kept = {True: "kept", False: "NOT KEPT", None: ""}[self.kept]
        limit = self.limit.text(self.unit) if self.limit else ""
        ours, baseline = (f"{number(value)} {self.unit}" for value in (self.ours, self.baseline))
        return f"{number(self.ratio)} x", limit, kept, self.what, ours, baseline, self.beside

    def told(self) -> dict[str, Any]:
        limit = self.limit.text(self.unit) if self.limit else None
        names = ("what", "ours", "baseline", "unit", "beside", "ratio", "kept")
        return {**{name: getattr(self, name) for name in names}, "limit": limit}


HEAD = ("ratio", "limit", "", "row", "ours", "baseline", "of")


@dataclass(frozen=True, slots=True)
class Growth:
    """What something costs at each size; the exponent is the slope between the logarithms."""

    of: str
    sizes: Sequence[int]
    cost: str
    costs: Sequence[float]
    unit: str

    @property
    def exponent(self) -> float:
        """How it grows over the larger half of the sizes: before that, what is constant rules."""
        half = len(self.sizes) // 2
        sizes, costs = self.sizes[half:], self.costs[half:]
        logs = [log(max(cost, 1e-9)) for cost in costs]
        return linear_regression([log(size) for size in sizes], logs).slope

    @property
    def cells(self) -> tuple[str, ...]:
        course = ", ".join(
            f"{size:,}: {number(cost)}" for size, cost in zip(self.sizes, self.costs, strict=True)
        )
        return f"{self.exponent:.2f}", self.of, self.cost, self.unit, course

    def told(self) -> dict[str, Any]:
        names = ("of", "cost", "unit", "exponent")
        told = {name: getattr(self, name) for name in names}
        return {**told, "costs": dict(zip(self.sizes, self.costs, strict=True))}


GROWTH_HEAD = ("exponent", "of", "cost", "unit", "course")


def table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def number(value: float) -> str:
    """Three digits that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def alternately(
    baseline: Callable[[], float], ours: Callable[[], float], times: int = TIMES
) -> tuple[float, float]:
    """The medians of ours and of the baseline, taken in turns."""
    pairs = [(baseline(), ours()) for _ in range(times)]
    return median(one for _, one in pairs), median(one for one, _ in pairs)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
