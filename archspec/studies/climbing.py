"""How the candidates of a search climb its rungs: asynchronous successive halving.

Nobody waits for anybody. Who ends a rung goes on if among the best of those that have ended it by then, or is given up;
who was given up too early is fetched back once more have ended. All of it follows from what was reached, so that a
driver that begins anew decides alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from archspec.errors import Problem, SpecError
from archspec.spec.nodes import Node
from archspec.spec.recipe import Recipe
from archspec.spec.rows import Row
from archspec.studies.plan import RUNGS, SEARCHING, PlannedRun, PlannedTrial
from archspec.studies.trained import Trained, trained_of


@dataclass(frozen=True)
class Rungs:
    """The rungs below the recipe itself, and who goes on from each."""

    recipes: tuple[Recipe, ...]
    keep: float
    more: bool
    """Whether more of what they read is better."""

    def __len__(self) -> int:
        return len(self.recipes)

    @property
    def sizes(self) -> tuple[Any, ...]:
        """The sizes of images at which candidates are trained on the way."""
        return tuple(recipe.resolution for recipe in self.recipes if recipe.resolution is not None)

    def under(self, whole: Trained, row: Row) -> Trained:
        """A candidate with its cheaper trainings."""
        found = [trained_of(replace(row, variant=row.variant._replace(recipe=recipe)), None) for recipe in self.recipes]
        macs = tuple(one.arm.training_macs for one in found)
        return replace(whole, rungs=tuple(found), arm=replace(whole.arm, rungs=macs))

    def trainings(self, one: Trained, rung: int, seeds: Sequence[int]) -> list[list[PlannedRun]]:
        """What a candidate is run for on a rung: one seed, on the last rung all; what others come before is last."""
        if rung < len(self):
            return [_called(RUNGS[rung], one.rungs[rung].runs(seeds[0]))]
        return [_called(SEARCHING, one.runs(seed)) for seed in seeds]

    def expected(self, trials: int, seeds: int) -> int:
        """About how many runs so many candidates take."""
        climbing = [math.ceil(trials * self.keep**rung) for rung in range(len(self) + 1)]
        return sum(climbing[:-1]) + climbing[-1] * seeds

    def best(self, trials: Iterable[PlannedTrial], rung: int) -> list[str]:
        """The arms that are worth going on with from a rung, by all that have ended it.

        Of so many the share `keep`, rounded down, and one at least. Of equals the first ones asked for stand first; a
        network that was asked for twice counts once.
        """
        ended: dict[str, tuple[float, int]] = {}
        for one in trials:
            if len(one.rungs) > rung:
                ended.setdefault(one.arm, (-one.rungs[rung] if self.more else one.rungs[rung], one.number))
        return sorted(ended, key=ended.__getitem__)[: max(1, math.floor(len(ended) * self.keep + 1e-9))]

    def goes_on(self, trial: PlannedTrial, trials: Sequence[PlannedTrial]) -> bool:
        """Whether a candidate that has just ended a rung goes on; a network that did so once does so again."""
        rung = len(trial.rungs) - 1
        twins = [one for one in trials if one.arm == trial.arm and one.number != trial.number]
        return any(one.rung > rung for one in twins) or trial.arm in self.best(trials, rung)

    def left_behind(self, trials: Sequence[PlannedTrial]) -> PlannedTrial | None:
        """A candidate that was given up and is among the best by now, on the highest rung where there is one."""
        by_arm: dict[str, list[PlannedTrial]] = {}
        for one in trials if len(self) else ():
            by_arm.setdefault(one.arm, []).append(one)
        for rung in reversed(range(len(self))):
            for arm in self.best(trials, rung):
                if all(one.state == "pruned" and one.rung <= rung for one in by_arm[arm]):
                    return by_arm[arm][0]
        return None


def refuse_disorder(rungs: Node, base: Trained) -> None:
    """A rung that takes as much as what comes after it saves nothing."""
    for index, (own, after) in enumerate(pairwise((*base.arm.rungs, base.arm.training_macs))):
        if own >= after:
            message = f"rung {index + 1} takes {own:.3g} multiply-accumulates, what comes after it no more: {after:.3g}"
            hint = "the cheapest comes first, and the recipe itself last"
            raise SpecError(Problem("ARC401", message, hint, f"search.rungs.{index}", rungs.items[index].mark))


def _called(role: str, runs: Iterable[PlannedRun]) -> list[PlannedRun]:
    return [replace(run, role=role) if run.role == "train" else run for run in runs]
