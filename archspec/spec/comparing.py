"""What the words and signs of conditions do with the values of a network."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from archspec.errors import Mark, Problem, SpecError
from archspec.spec.arch import Arch
from archspec.spec.found import Place

SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": lambda a, b: a / b if b else math.inf,
}  # fmt: skip
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
TRENDS: dict[str, Callable[[Any, Any], bool]] = {"shrinks": operator.le, "grows": operator.ge}
OF_NUMBERS: dict[str, Callable[[list[Any]], Any]] = {
    "min": min, "max": max, "sum": sum, "first": lambda found: found[0], "last": lambda found: found[-1],
}  # fmt: skip
OF_COMPARISONS: dict[str, Callable[[list[float]], float]] = {
    "count": lambda missed: sum(not by for by in missed),
    "any": lambda missed: min(missed, default=1.0),
    "all": lambda missed: max(missed, default=0.0),
}

Values = dict[Place, Any]
"""What a part of a condition stands for: one value, or one a place."""


class Token(NamedTuple):
    """A word, number or sign, and where it begins."""

    kind: str
    text: str
    start: int


@dataclass(frozen=True)
class Word:
    """A text that values are compared with; it is no number."""

    text: Any
    token: Token

    def __call__(self, arch: Arch) -> Values:
        """Itself, whatever the network."""
        return {None: self.text}


Part = Callable[[Arch], Values]
Missed = Callable[[Arch], list[float]]
"""By how much a comparison is missed, place by place."""


def joined(how: Callable[[Any, Any], Any], left: Part, right: Part) -> Part:
    """Two parts with a sign between them."""
    return lambda arch: {place: how(a, b) for place, a, b in beside(left(arch), right(arch))}


def beside(left: Values, right: Values) -> Iterator[tuple[Place, Any, Any]]:
    """Values place by place; that of one place alone stands beside all."""
    if None in left:
        return ((place, left[None], other) for place, other in right.items())
    if None in right:
        return ((place, other, right[None]) for place, other in left.items())
    return ((place, left[place], right[place]) for place in left if place in right)


def compared(arch: Arch, left: Part, sign: str, right: Part, mark: Mark | None) -> Iterator[float]:
    """By how much a comparison is missed, place by place."""
    for _, a, b in beside(left(arch), right(arch)):
        numbers = isinstance(a, int | float) and isinstance(b, int | float)
        if not numbers and sign not in ("==", "!="):
            raise SpecError(Problem("ARC203", f"`{a}` and `{b}` cannot be compared by `{sign}`", "", mark=mark))
        if COMPARED[sign](a, b):
            yield 0.0
        else:
            yield abs(a - b) / max(abs(b), 1e-9) or 1e-9 if numbers else 1.0
