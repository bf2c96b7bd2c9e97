"""What so many pairs could have shown: nothing found is news only where something could have been."""

from __future__ import annotations

from functools import cache

from scipy.special import nctdtr

from archspec.statistics.means import LEVEL, quantile

POWER = 0.8


def detectable(sd: float, pairs: int, *, power: float = POWER, level: float = LEVEL) -> float | None:
    """The smallest true difference that a paired test finds this often, where differences scatter by `sd`."""
    return _errors(pairs, power, level) * sd / pairs**0.5 if pairs > 1 else None


@cache
def _errors(pairs: int, power: float, level: float) -> float:
    """How many standard errors that is."""
    low, high = 0.0, 1.0
    while _found(high, pairs, level) < power:
        low, high = high, 2 * high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _found(middle, pairs, level) < power else (low, middle)
    return high


def _found(errors: float, pairs: int, level: float) -> float:
    """How often a paired test finds a true difference of so many standard errors, on its own side of zero."""
    return float(1 - nctdtr(pairs - 1, errors, quantile(pairs - 1, level)))
