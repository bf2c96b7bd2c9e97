"""Whether two numbers put the same things into the same order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from archspec.statistics.means import LEVEL, Interval


class Concord(NamedTuple):
    """Spearman's rank correlation of so many pairs, and the interval that holds the true one 95 times of 100."""

    n: int
    rho: float
    interval: Interval | None
    """None for fewer than four pairs, and where the order is the very same or its reverse."""


def spearman(one: Sequence[float], other: Sequence[float], level: float = LEVEL) -> Concord | None:
    """The correlation of the ranks of pairs; None where either number is always the same.

    The interval is Fisher's, with the variance of Bonett and Wright (2000).
    """
    a, b = ranks(one), ranks(other)
    if len(a) < 2 or not a.std() or not b.std():
        return None
    rho = float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))
    if len(a) < 4 or abs(rho) > 1 - 1e-12:
        return Concord(len(a), rho, None)
    middle, reach = math.atanh(rho), float(ndtri((1 + level) / 2)) * math.sqrt((1 + rho**2 / 2) / (len(a) - 3))
    return Concord(len(a), rho, Interval(math.tanh(middle - reach), math.tanh(middle + reach)))


def ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """The values' places in their order, from 0 on; equal ones share the mean of theirs."""
    _, place, count = np.unique(np.asarray(values, dtype=float), return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    found: NDArray[np.float64] = (last - (count + 1) / 2)[place]
    return found
