"""The small drawings within the table: every seed as a dot, and the difference with its interval, on shared scales."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from archspec.report.rows import Row
from archspec.report.table import Block

WIDTH, MARGIN = 140, 8
"""Of a drawing, in pixels."""


@dataclass(frozen=True)
class Scale:
    """Which value lies where, in pixels from the left."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float]) -> Scale | None:
        """A scale that shows all of the values; None of none."""
        found = list(values)
        if not found:
            return None
        low, high = min(found), max(found)
        room = (high - low) or max(abs(high), 1.0) * 0.01
        return cls(low - 0.02 * room, high + 0.02 * room)

    def at(self, value: float) -> float:
        """Where a value lies."""
        return round(MARGIN + (value - self.low) / (self.high - self.low) * (WIDTH - 2 * MARGIN), 1)

    @property
    def ticks(self) -> list[float]:
        """Two to four round numbers on the scale."""
        rough = (self.high - self.low) / 3
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
        first = math.ceil(self.low / step)
        return [round(number * step, 10) for number in range(first, math.floor(self.high / step) + 1)]


@dataclass(frozen=True)
class Strip:
    """Where a row's seeds, their mean and its interval lie."""

    dots: tuple[tuple[int, float, float], ...]
    """Seed, value, place."""
    mean: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Whisker:
    """Where a row's difference, its interval and the paper's difference lie."""

    delta: float | None
    interval: tuple[float, float] | None
    paper: float | None
    settled: bool
    """Whether the interval leaves out zero."""


@dataclass(frozen=True)
class Scales:
    """The scales of a block: of values, and of differences."""

    values: Scale | None
    differences: Scale | None

    @classmethod
    def of(cls, block: Block) -> Scales:
        """Scales on which everything in a block has its place."""
        values = [value for row in block.rows for value in (*row.values.values(), *_interval(row))]
        differences = [value for row in block.rows for value in _differences(row)]
        return cls(Scale.over(values), Scale.over([0.0, *differences]) if differences else None)

    def strip(self, row: Row) -> Strip | None:
        """A row's seeds."""
        if self.values is None or row.summary is None:
            return None
        dots = tuple((seed, value, self.values.at(value)) for seed, value in row.values.items())
        interval = row.summary.interval
        edges = (self.values.at(interval.low), self.values.at(interval.high)) if interval else None
        return Strip(dots, self.values.at(row.summary.mean), edges)

    def whisker(self, row: Row) -> Whisker | None:
        """A row's difference; the paper's stands there even before there is one."""
        if self.differences is None or not _differences(row):
            return None
        place, found = self.differences.at, row.difference if not row.same else None
        interval = found.interval if found else None
        return Whisker(
            place(found.mean) if found else None,
            (place(interval.low), place(interval.high)) if interval else None,
            place(row.paper_delta) if row.paper_delta is not None else None,
            interval is not None and (interval.low > 0 or interval.high < 0),
        )


def _interval(row: Row) -> Iterable[float]:
    return (row.summary.interval or ()) if row.summary else ()


def _differences(row: Row) -> list[float]:
    """The places a row needs on the scale of differences."""
    if row.difference is None or row.same:
        return [] if row.paper_delta is None else [row.paper_delta]
    mine = [row.difference.mean, *(row.difference.interval or ())]
    return mine if row.paper_delta is None else [*mine, row.paper_delta]
