"""One number scaled until a network costs what another does."""

from __future__ import annotations

from functools import cache

from archspec.errors import SpecError
from archspec.spec.arch import Arch
from archspec.spec.edits import Edit, places
from archspec.spec.loading import ARCH
from archspec.spec.nodes import Node

WIDEST = 64.0
"""By how much a number is scaled at most, up or down."""
HALVINGS = 24
STEPS = (1, 2, 4, 8, 16, 32, 64)
"""What a whole number may have to be a multiple of before a network can have it: the width of a head, for example."""

Numbers = tuple[int | float, ...]


def matched(arch: Arch, goal: Arch, match: Node) -> Arch:
    """The arch with the numbers of a path scaled alike until its cost is nearest to the goal's.

    `match` maps a cost (params, macs) to the path. Whole numbers stay whole: each becomes the one nearest to its share
    that the network can have.
    """
    for cost, path in match.mapping.items():
        arch = _Scaling(arch, Edit(str(path.value), path, path.mark), cost).nearest(getattr(goal.layout.cost, cost))
    return arch


class _Scaling:
    """An arch, and a path to the numbers that are scaled in it."""

    def __init__(self, arch: Arch, edit: Edit, cost: str) -> None:
        self.arch, self.edit, self.cost = arch, edit, cost
        self.numbers: Numbers = tuple(self._number(place) for place in places(arch.tree, edit))
        self.having = cache(self._having)

    def _number(self, place: tuple[str, ...]) -> int | float:
        node = self.arch.tree.find(place)
        if node is None or not isinstance(node.value, int | float) or isinstance(node.value, bool):
            self.edit.fail("ARC203", f"`{'.'.join(place)}` is no number that could be scaled")
        return node.value

    def nearest(self, goal: float) -> Arch:
        """The arch whose cost is nearest to the goal; costs grow with the numbers, so halving finds it."""
        low, high, seen = 1 / WIDEST, WIDEST, [self.arch]
        for _ in range(HALVINGS):
            middle = (low * high) ** 0.5
            found = self.scaled(middle)
            if found is None:
                break
            seen.append(found)
            low, high = (middle, high) if self._cost(found) < goal else (low, middle)
        return min(seen, key=lambda arch: abs(self._cost(arch) - goal))

    def scaled(self, factor: float) -> Arch | None:
        """The arch with all numbers about so many times as large, as near as it can have them."""
        tried = (self.having(tuple(_rounded(n, factor, step) for n in self.numbers)) for step in STEPS)
        return next(filter(None, tried), None)

    def _having(self, numbers: Numbers) -> Arch | None:
        each = self.edit._replace(value=Node({"each": Node([Node(number) for number in numbers])}))
        try:
            arch = ARCH.edited(self.arch, [each])
            return arch if arch.layout.cost else None
        except SpecError:
            return None

    def _cost(self, arch: Arch) -> float:
        return float(getattr(arch.layout.cost, self.cost))


def _rounded(number: int | float, factor: float, step: int) -> int | float:
    scaled = number * factor
    return scaled if isinstance(number, float) else max(step, step * round(scaled / step))
