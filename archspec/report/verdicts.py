"""What was learned from a factor, in a sentence or two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from archspec.report.wording import bracket, chance, count, fixed, listed, signed
from archspec.statistics import Difference

ALPHA = 0.05
MOST_TOLD = 3


class Verdict(NamedTuple):
    """A factor on a baseline, and what its arms say."""

    baseline: str
    factor: str
    sentence: str


class Compared(NamedTuple):
    """Something that was compared with something else: an arm, a step, an effect."""

    label: str
    difference: Difference
    p: float | None
    same: bool = False
    """Whether both are the same runs."""


def sentence(compared: Iterable[Compared], digits: int) -> str:
    """What comparisons say, as far as these seeds can tell."""
    found = list(compared)
    parts = [*_equal(found), *_judged([one for one in found if not one.same], digits)]
    return "; ".join(parts or ["nothing to compare yet"])


def _equal(found: Sequence[Compared]) -> Iterator[str]:
    same = [one.label for one in found if one.same]
    if same:
        yield f"{listed(same)} {_are(same)} what it is compared with, under another name"


def _judged(found: Sequence[Compared], digits: int) -> Iterator[str]:
    """What differs, the largest difference first; then what these seeds cannot tell from chance."""
    tested = sorted((one for one in found if one.p is not None), key=_size, reverse=True)
    if not tested:
        yield from _seen(found, digits)
        return
    told = [one for one in tested if (one.p or 0) < ALPHA]
    untold = [one for one in tested if (one.p or 0) >= ALPHA]
    yield from (_told(one, digits) for one in told[:MOST_TOLD])
    if len(told) > MOST_TOLD:
        yield f"{len(told) - MOST_TOLD} more differ as surely"
    yield from _untold(untold, digits, others=bool(told))


def _told(one: Compared, digits: int) -> str:
    assert one.difference.interval is not None
    assert one.p is not None
    size = f"{signed(one.difference.mean, digits)} {bracket(one.difference.interval, digits)}"
    return f"{one.label} {size} ({chance(one.p)}, {count(one.difference.pairs, 'pair')})"


def _untold(found: Sequence[Compared], digits: int, *, others: bool) -> Iterator[str]:
    """What the seeds do not tell from chance, and what they could have shown."""
    if not found:
        return
    limits = [one.difference.detectable for one in found if one.difference.detectable]
    limit = f"; these seeds could have shown one of {fixed(max(limits), digits)}" if limits else ""
    all_ = f"{'the other' if others else 'all'} {len(found)}"
    named = listed([one.label for one in found]) if len(found) <= MOST_TOLD else all_
    yield f"{named}: no difference beyond seed noise{limit}"


def _seen(found: Sequence[Compared], digits: int) -> Iterator[str]:
    """The largest difference where none can be judged: one pair, or pairs that do not scatter."""
    if not found:
        return
    one = max(found, key=_size)
    why = "one seed" if one.difference.pairs == 1 else "its pairs do not scatter"
    largest = " is the largest difference seen" if len(found) > 1 else ""
    yield f"{one.label} {signed(one.difference.mean, digits)}{largest} ({why}, so no interval)"


def _size(one: Compared) -> float:
    return abs(one.difference.mean)


def _are(things: Sequence[object]) -> str:
    return "is" if len(things) == 1 else "are"
