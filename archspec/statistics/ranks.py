"""Whether two ways to measure put things into the same order."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archspec.statistics.means import LEVEL, ROUNDING, Interval


class RankCorrelation(NamedTuple):
    """Spearman's: 1 where both have the same order, -1 where the opposite one, 0 where neither tells the other."""

    n: int
    rho: float | None
    """None where one of them does not tell things apart."""
    interval: Interval | None
    """None for fewer than four things, and where the order is the same: that leaves the others' unknown."""


def rank_correlation(pairs: Iterable[tuple[float, float]], level: float = LEVEL) -> RankCorrelation:
    """Spearman's correlation of pairs, ties at their mean rank, with its interval after Bonett and Wright (2000)."""
    found = np.asarray(list(pairs), dtype=float).reshape(-1, 2)
    x, y = (ranks - ranks.mean() if len(ranks) else ranks for ranks in map(_ranks, found.T))
    spread, n = float(np.sqrt((x @ x) * (y @ y))), len(found)
    if not spread:
        return RankCorrelation(n, None, None)
    rho = float(x @ y) / spread
    if n < 4 or 1 - abs(rho) < ROUNDING:
        return RankCorrelation(n, rho, None)
    reach = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt((1 + rho**2 / 2) / (n - 3))
    low, high = np.tanh(np.arctanh(rho) + np.array([-reach, reach]))
    return RankCorrelation(n, rho, Interval(float(low), float(high)))


def _ranks(values: NDArray[Any]) -> NDArray[Any]:
    """Every value's rank, the mean of their ranks for those that are equal."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]
