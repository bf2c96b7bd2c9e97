"""A roadmap: what each step adds to the one before, and what all so far add to the start; all paired by seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from archspec.statistics.means import LEVEL
from archspec.statistics.paired import Difference, difference


class Step(NamedTuple):
    """A step's own difference, and the cumulative one; None where seeds are not shared."""

    gain: Difference | None
    total: Difference | None


def ladder(values: Iterable[Mapping[int, float]], level: float = LEVEL) -> Iterator[Step]:
    """The steps after the start, which is the first of the values by seed."""
    start, *rest = values
    for before, now in pairwise([start, *rest]):
        yield Step(difference(now, before, level), difference(now, start, level))
