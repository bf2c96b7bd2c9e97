"""Whether the paper's difference is ours, too: a statement about sign and size, not a verdict."""

from __future__ import annotations

from typing import Literal, NamedTuple

from archspec.statistics.means import Interval

Sign = Literal["same", "opposite", "none printed", "none measured"]
Size = Literal["inside", "below", "above"]


class Agreement(NamedTuple):
    """How a measured difference stands to a printed one."""

    sign: Sign
    settled: bool | None
    """Whether the interval leaves only one sign; None where there is no interval."""
    size: Size | None
    """Where the printed difference lies seen from our interval; None where there is none."""


def agreement(measured: float, interval: Interval | None, printed: float) -> Agreement:
    """How a measured difference stands to a printed one."""
    sign = _sign(measured, printed)
    if interval is None:
        return Agreement(sign, None, None)
    settled = interval.low > 0 or interval.high < 0
    return Agreement(sign, settled, _size(interval, printed))


def _size(interval: Interval, printed: float) -> Size:
    if interval.low <= printed <= interval.high:
        return "inside"
    return "below" if printed < interval.low else "above"


def _sign(measured: float, printed: float) -> Sign:
    if printed == 0:
        return "none printed"
    if measured == 0:
        return "none measured"
    return "same" if (measured > 0) == (printed > 0) else "opposite"
