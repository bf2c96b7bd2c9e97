"""The mean of a few numbers, and the interval that holds the true one 95 times of 100."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from archspec.statistics.student import above, rises_to

LEVEL = 0.95
ROUNDING = 1e-12
"""Numbers that differ by less than this share of their size are equal: that is how floats round."""


class Interval(NamedTuple):
    """From and to."""

    low: float
    high: float


@dataclass(frozen=True)
class Mean:
    """A mean, how far single values lie from it, and its interval."""

    n: int
    mean: float
    sd: float | None
    """The standard deviation of single values; of one value there is none."""
    interval: Interval | None
    """None for one value, and for values that are all equal: neither says how far others would lie."""

    @property
    def margin(self) -> float | None:
        """Half the interval's width: the number after ±."""
        return None if self.interval is None else (self.interval.high - self.interval.low) / 2


def mean(values: Iterable[float], level: float = LEVEL) -> Mean | None:
    """The mean of values with its t interval; None of no values."""
    x = np.asarray(list(values), dtype=float)
    if not x.size:
        return None
    middle = float(x.mean())
    if x.size == 1:
        return Mean(1, middle, None, None)
    sd = float(x.std(ddof=1))
    if sd <= ROUNDING * max(1.0, float(np.abs(x).max())):
        return Mean(x.size, middle, 0.0, None)
    reach = quantile(x.size - 1, level) * sd / x.size**0.5
    return Mean(x.size, middle, sd, Interval(middle - reach, middle + reach))


@cache
def quantile(freedom: int, level: float = LEVEL) -> float:
    """How many standard errors a t interval reaches to either side."""
    return rises_to(-(1 - level) / 2, lambda t: -above(t, freedom))
