"""Main effects and two-factor interactions of a factorial: contrasts between its cells, worked out seed by seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archspec.statistics.means import LEVEL
from archspec.statistics.paired import Difference

Term = tuple[tuple[str, str], ...]
"""Levels that stand together: nothing, one of a factor, or one of each of two factors."""


class Cell(NamedTuple):
    """A combination of levels, and what was measured there by seed."""

    levels: Mapping[str, str]
    values: Mapping[int, float]


class Effect(NamedTuple):
    """What levels do in comparison with the first ones of their factors."""

    levels: Term
    """(factor, level); two of them for an interaction."""
    against: tuple[str, ...]
    """The first level of each of these factors."""
    difference: Difference | None
    """Over the seeds that all cells it is made of have finished; None where there is no such seed."""
    estimable: bool
    """False where the cells that were run do not tell it from other effects."""


def main_effects(cells: Sequence[Cell], level: float = LEVEL) -> list[Effect]:
    """What each level does on average over the other factors, against the first level of its factor."""
    names = _levels(cells)
    return list(_effects(cells, names, _mains(names), _mains(names), level))


def interactions(cells: Sequence[Cell], level: float = LEVEL) -> list[Effect]:
    """How much the difference that one factor makes is changed by another."""
    names = _levels(cells)
    twos = [
        (a, b)
        for one, other in combinations(names, 2)
        for a, b in product(_mains({one: names[one]}), _mains({other: names[other]}))
    ]
    pairs: list[Term] = [(*a, *b) for a, b in twos]
    return list(_effects(cells, names, [*_mains(names), *pairs], pairs, level))


def _levels(cells: Sequence[Cell]) -> dict[str, list[str]]:
    """The levels of each factor in order of appearance; a factor that does not apply in a cell has the level ''."""
    factors = dict.fromkeys(name for cell in cells for name in cell.levels)
    return {name: list(dict.fromkeys(cell.levels.get(name, "") for cell in cells)) for name in factors}


def _mains(names: Mapping[str, Sequence[str]]) -> list[Term]:
    return [((factor, level),) for factor, levels in names.items() for level in levels[1:]]


def _effects(
    cells: Sequence[Cell], names: Mapping[str, list[str]], model: list[Term], wanted: list[Term], level: float
) -> Iterator[Effect]:
    """Each wanted term of a linear model of the cells, fitted at every seed."""
    design = np.array([[float(_holds(term, cell)) for term in [(), *model]] for cell in cells])
    inverse = np.linalg.pinv(design)
    known = inverse @ design
    for term in wanted:
        place = 1 + model.index(term)
        estimable = bool(np.allclose(known[place], np.eye(len(known))[place], atol=1e-8))
        found = _contrast(cells, inverse[place], level) if estimable else None
        yield Effect(term, tuple(names[factor][0] for factor, _ in term), found, estimable)


def _holds(term: Term, cell: Cell) -> bool:
    return all(cell.levels.get(factor, "") == level for factor, level in term)


def _contrast(cells: Sequence[Cell], weights: NDArray[np.float64], level: float) -> Difference | None:
    """A weighted sum of cells at every seed that all of them have finished."""
    part = [(cell, float(weight)) for cell, weight in zip(cells, weights, strict=True) if abs(weight) > 1e-12]
    seeds = set.intersection(*(set(cell.values) for cell, _ in part)) if part else set()
    by_seed = {seed: sum(weight * cell.values[seed] for cell, weight in part) for seed in sorted(seeds)}
    return Difference(by_seed, level) if by_seed else None
