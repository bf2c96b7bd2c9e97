"""The exact sign-flip test: were there no difference, each pair could as well have come out the other way round."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST = 40
"""Pairs up to which all sign patterns are counted; beyond, Student's test does as well."""


class SignFlip(NamedTuple):
    """The share of sign patterns at least as far from zero as what was seen, and the smallest that share can be."""

    p: float
    least: float


def sign_flip(differences: Iterable[float]) -> SignFlip | None:
    """The two-sided exact test; None of no pairs, or of more than can be counted."""
    d = np.abs(np.asarray(values := list(differences), dtype=float))
    if not 0 < d.size <= MOST:
        return None
    # Sums that are equal on paper differ by rounding, and must count as equal.
    seen = abs(sum(values)) - 1e-9 * float(d.sum())
    # Every pattern is one of the first half of the pairs and one of the second: counted without being listed.
    first, second = _sums(d[: d.size // 2]), np.sort(_sums(d[d.size // 2 :]))
    above = second.size - np.searchsorted(second, seen - first, side="left")
    below = np.searchsorted(second, -seen - first, side="right")
    count = int(above.sum() + below.sum()) if seen > 0 else 2**d.size
    return SignFlip(count / 2**d.size, min(1.0, 2 / 2**d.size))


def _sums(d: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums under every pattern of signs."""
    sums = np.zeros(1)
    for value in d:
        sums = np.concatenate([sums - value, sums + value])
    return sums
