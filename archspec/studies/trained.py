"""An arm as it is trained: fitted to its data, with its keys, its runs and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from archspec.errors import Problem, SpecError
from archspec.records.keys import (
    measurement_document,
    measurement_key,
    run_document,
    run_key,
    untrained_document,
    untrained_key,
)
from archspec.spec.arch import Arch
from archspec.spec.measurements import Measurement
from archspec.spec.origin import ancestors
from archspec.spec.recipe import Recipe
from archspec.spec.rows import Base, Row
from archspec.studies.computing import checkpoint_bytes, compute
from archspec.studies.fairness import differences
from archspec.studies.plan import RUNGS, PlannedArm, PlannedRun
from archspec.training.data.facts import Facts, facts
from archspec.training.fitting import fitted


@dataclass(frozen=True)
class Trained:
    """An arm of the plan as it is trained: fitted to its data."""

    arm: PlannedArm
    arch: Arch
    recipe: Recipe
    data: Facts
    before: Trained | None = None
    """The training that it starts from."""
    measurements: Mapping[str, Measurement] = field(default_factory=dict)
    """What is measured on its finished runs, by name."""
    rungs: tuple[Trained, ...] = ()
    """Of a search's candidate, its cheaper trainings."""

    @cached_property
    def _keys(self) -> dict[int, str]:
        """The keys that were worked out: a search asks for them again and again."""
        return {}

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of one such training, in closed form."""
        return compute(self.arch, self.recipe, self.data.images).macs

    def start(self, seed: int) -> str:
        """The key of the run that it starts from, or nothing."""
        return self.before.key(seed) if self.before else ""

    def key(self, seed: int) -> str:
        """The key of its run with a seed."""
        if seed not in self._keys:
            self._keys[seed] = run_key(self.arch, self.recipe, seed, self.data.identity, self.start(seed))
        return self._keys[seed]

    def document(self, run: PlannedRun) -> dict[str, Any]:
        """What the folder of one of its runs says."""
        if run.role in RUNGS:
            return self.rungs[RUNGS.index(run.role)].document(replace(run, role="train"))
        if self.before and run.role == "start" and run.key != self.key(run.seed):
            return self.before.document(run)
        trained = run_document(self.arch, self.recipe, run.seed, self.data.identity, self.start(run.seed))
        measurement = self.measurements.get(run.role)
        if measurement is None:
            return trained
        if measurement.of_trained:
            return measurement_document(trained, measurement)
        return untrained_document(trained, untrained_key(self.arch, run.seed, self.data.identity), measurement)

    def runs(self, seed: int) -> Iterator[PlannedRun]:
        """Its run with a seed, between those that have to be done before and those that measure it."""
        yield from self.proxies(seed)
        if self.before:
            macs = self.before.macs
            yield from (replace(run, role="start", macs=run.macs or macs) for run in self.before.runs(seed))
        needs = (self.start(seed),) if self.before else ()
        key = self.key(seed)
        yield PlannedRun(key, self.arm.id, seed, needs=needs)
        for name, measurement in self.measurements.items():
            if measurement.of_trained:
                yield PlannedRun(measurement_key(key, measurement), self.arm.id, seed, name, needs=(key,))

    def proxies(self, seed: int) -> Iterator[PlannedRun]:
        """What is measured on its network before that is trained."""
        of = untrained_key(self.arch, seed, self.data.identity) if self.measurements else ""
        for name, measurement in self.measurements.items():
            if not measurement.of_trained:
                yield PlannedRun(measurement_key(of, measurement), self.arm.id, seed, name)

    @property
    def disk(self) -> int:
        """Bytes of the checkpoints that are kept while one run lasts, and of its network."""
        params = self.arm.params + self.arm.frozen_params
        return checkpoint_bytes(params, self.recipe) * self.recipe.checkpoint.keep + 4 * params


def standing(base: Base) -> str:
    """What tells a baseline from others: its arch, and its recipe where that is not the study's."""
    recipe = base.variant.recipe
    return f"{base.name}, {recipe.recipe}" if base.own_recipe and recipe else base.name


def _id(row: Row, name: str, *, several: bool) -> str:
    """An arm's address; it names the baseline where there are several."""
    baseline = standing(row.base)
    if not row.factor:
        return f"baseline/{baseline}"
    return f"{row.factor}/{name}@{baseline}" if several else f"{row.factor}/{name}"


def trained_of(
    row: Row,
    base: Trained | None,
    measurements: Mapping[str, Measurement] = MappingProxyType({}),
    *,
    several: bool = False,
    drift: float = 0.0,
) -> Trained:
    """A row fitted to its data; `base` is the baseline it stands on, None where it is that itself."""
    recipe = row.variant.recipe
    assert recipe is not None
    data = facts(recipe.data)
    arch = fitted(row.variant.arch, recipe, data.classes, data.channels)
    needed = compute(arch, recipe, data.images)
    against = _id(row, row.against, several=several) if row.against else base.arm.id if base else ""
    arm = PlannedArm(
        id=_id(row, row.name, several=several),
        name=row.name,
        factor=row.factor,
        baseline=standing(row.base),
        against=against,
        arch=arch.arch,
        recipe=recipe.recipe,
        digest=arch.digest,
        levels=row.levels,
        changes=row.changes,
        table=row.table,
        paper=row.paper,
        **arch.layout.cost._asdict(),
        training_macs=needed.macs,
        images=needed.images,
        notes=tuple(differences(row, arch.layout.cost, base.arch.layout.cost, drift)) if base else (),
    )
    before, earlier = None, [*ancestors(recipe)]
    first = [recipe, *earlier][-1]
    if first.start is not None:
        message, hint = "a study's runs start from scratch or from a recipe's run", "name a recipe"
        raise SpecError(Problem("ARC401", message, hint, "from", first.tree.mark_of(("from",))))
    for origin in reversed(earlier):
        needed_data = facts(origin.data)
        shaped = fitted(row.variant.arch, origin, needed_data.classes, needed_data.channels)
        before = Trained(arm, shaped, origin, needed_data, before)
    return Trained(arm, arch, recipe, data, before, measurements)
