"""What so many pairs could have shown: nothing found is news only where something could have been."""

from __future__ import annotations

from functools import cache

from archspec.statistics.means import LEVEL, quantile
from archspec.statistics.student import above, rises_to

POWER = 0.8


def detectable(sd: float, pairs: int, *, power: float = POWER, level: float = LEVEL) -> float | None:
    """The smallest true difference that a paired test finds this often, where differences scatter by `sd`."""
    return _errors(pairs, power, level) * sd / pairs**0.5 if pairs > 1 else None


@cache
def _errors(pairs: int, power: float, level: float) -> float:
    """How many standard errors that is: where a test finds it so often on its own side of zero."""
    edge = quantile(pairs - 1, level)
    return rises_to(power, lambda errors: above(edge, pairs - 1, errors))
