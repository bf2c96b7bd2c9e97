"""Student's t. SciPy has it, too, and takes more memory and time to load than all of the statistics here together."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count

NOTHING = 1e-300
"""Stands for zero where something is divided by it."""


def above(t: float, freedom: int, shift: float = 0.0) -> float:
    """How often t lies above a number ≥ 0, where the true mean is `shift` standard errors; exact in small ones, too."""
    square = t * t
    if not square:
        return math.erfc(-shift / math.sqrt(2)) / 2
    # Lenth's mixture of incomplete beta functions (1989), of the upper tail, and in half steps: no term is negative.
    half, mean = freedom / 2, shift * shift / 2
    logs = -math.log1p(square / freedom), -math.log1p(freedom / square)
    betas = [_beta(half, 0.5, logs), _beta(half, 1.0, logs)]
    k = total = 0.0
    while True:
        weight = math.exp(k * math.log(max(mean, NOTHING)) - mean - math.lgamma(k + 1))
        total += weight * betas[0] / 2
        if k > mean and not weight > 1e-17 * total:  # what is not a number ends it, too
            return total
        k += 0.5
        betas = [betas[1], betas[0] + _term(half, k, logs) / k]


def rises_to(height: float, curve: Callable[[float], float]) -> float:
    """Where a curve that rises from zero on reaches a height, to the last digit."""
    low, high = 0.0, 1.0
    while curve(high) < height:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if curve(middle) < height else (low, middle)
    return high


def _beta(a: float, b: float, logs: tuple[float, float]) -> float:
    """The regularised incomplete beta function at a number given by its logarithm and that of what it lacks to 1."""
    x = math.exp(logs[0])
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(b, a, logs[::-1])
    # Its continued fraction, by Lentz's method.
    fraction, upper, lower = 1.0, 1.0, 0.0
    for n in count(1):
        m = n // 2
        part = -(a + m) * (a + b + m) if n % 2 else m * (b - m)
        part *= x / ((a + n - 1) * (a + n))
        upper, lower = 1 + part / upper or NOTHING, 1 / (1 + part * lower or NOTHING)
        fraction *= upper * lower
        if not abs(upper * lower - 1) > 1e-15:
            break
    return _term(a, b, logs) / a / fraction


def _term(a: float, b: float, logs: tuple[float, float]) -> float:
    return math.exp(a * logs[0] + b * logs[1] + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b))
