"""From a study to its plan: every arm and seed as a run with its key, and what all of it costs. Nothing is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from archspec.errors import ArchspecError, Problem, SpecError
from archspec.records.keys import (
    measurement_document,
    measurement_key,
    run_document,
    run_key,
    untrained_document,
    untrained_key,
)
from archspec.spec.arch import Arch
from archspec.spec.base import Spec
from archspec.spec.edits import Edit
from archspec.spec.findings import Findings
from archspec.spec.measurements import Measurement
from archspec.spec.origin import ancestors
from archspec.spec.reading import Document
from archspec.spec.recipe import RECIPE, Recipe
from archspec.spec.rows import Base, Row, Rows
from archspec.spec.shelf import find
from archspec.spec.study import Study
from archspec.spec.studying import STUDY, profiled
from archspec.spec.tune import settings
from archspec.spec.variants import Variant
from archspec.studies.computing import checkpoint_bytes, compute
from archspec.studies.fairness import differences
from archspec.studies.plan import Plan, PlannedArm, PlannedRun
from archspec.studies.shortening import row_in_steps
from archspec.studies.trying import CHECK, shortened, small
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

    @cached_property
    def _keys(self) -> dict[int, str]:
        """The keys that were worked out: a search asks for them again and again."""
        return {}

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
            yield from (replace(run, role="start", arm=self.arm.id) for run in self.before.runs(seed))
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


@dataclass(frozen=True)
class Planned:
    """A plan, and what its runs are made from."""

    plan: Plan
    study: Study
    trained: dict[str, Trained]
    """Every arm by its id."""

    @cached_property
    def _runs(self) -> dict[str, PlannedRun]:
        return {run.key: run for run in self.plan.runs}

    def document(self, key: str) -> dict[str, Any]:
        """What the folder of a run says."""
        run = self._runs[key]
        return self.trained[run.arm].document(run)

    @property
    def specs(self) -> list[Spec]:
        """Everything that is built, trained by and measured."""
        found = self.trained.values()
        return [spec for one in found for spec in (one.arch, one.recipe, *one.measurements.values())]

    def total(self, keys: Sequence[str]) -> int:
        """How many runs there will be, where these are those that are known."""
        return len(set(keys))

    @property
    def missing(self) -> tuple[str, ...]:
        """Data that is not on this machine: what to get, and where to put it."""
        return tuple(dict.fromkeys(one.data.missing for one in self.trained.values() if one.data.missing))


def planned(
    study: str | Path,
    *,
    profile: str = "",
    seeds: Sequence[int] | None = None,
    steps: int | None = None,
    store: Path | None = None,
) -> Planned:
    """The plan of a study by name or path, perhaps as one of its profiles has it, with other seeds, or in few steps.

    A search's plan has the candidates that it has asked for so far in a store.
    """
    document = find("study", str(study))
    said = STUDY.read(document)
    checking = profile == CHECK and CHECK not in said.profiles
    chosen = small(said, document) if checking else profiled(said, profile) if profile else said
    taken = tuple(seeds) if seeds is not None else (0,) if checking else chosen.seed_list
    if chosen.space is not None:
        if steps is not None:
            raise ArchspecError("a search has no shorter form of its runs; `--profile check` tries it in small")
        from archspec.studies.searched import Setting, planned_search

        return planned_search(Setting(chosen, document, profile, taken, checking), store)
    rows = rows_of(chosen, document)
    if checking:
        rows = [shortened(row) for row in rows]
    if steps is not None:
        rows = [row_in_steps(row, steps) for row in rows]
    trained = _trained(rows, chosen)
    plan = Plan(
        study=document.name,
        profile=profile if steps is None else f"{profile} {steps} steps".strip(),
        design=chosen.design,
        metric=chosen.reference.metric,
        paper=chosen.reference.paper or "",
        seeds=taken,
        arms=tuple(one.arm for one in trained.values()),
        runs=tuple(run for seed in taken for one in trained.values() for run in one.runs(seed)),
        max_failures=chosen.max_failures,
    )
    whole = Planned(plan, chosen, trained)
    return _tuned(whole, rows, store) if chosen.tune.vary and steps is None else whole


def _tuned(untuned: Planned, rows: Sequence[Row], store: Path | None) -> Planned:
    """The same study with every arm's recipe chosen by what the store holds."""
    from archspec.studies.tuning import Options, tuned

    tune, tree = untuned.study.tune, untuned.study.tree.mapping["tune"]
    recipe = rows[0].variant.recipe
    assert recipe is not None
    found = settings(tune, tree, recipe.tree)
    arms = [_trained([_with(row, edits) for row in rows], untuned.study) for _, edits in found]
    first = max(untuned.plan.seeds) + 1
    seeds = tuple(range(first, first + tune.seeds))
    return tuned(untuned, Options(tune, tuple(choices for choices, _ in found), tuple(arms), seeds), store)


def _with(row: Row, edits: list[Edit]) -> Row:
    """A row whose recipe is edited, and whose baseline's is too."""

    def changed(variant: Variant) -> Variant:
        assert variant.recipe is not None
        return Variant(variant.arch, RECIPE.blaming(variant.recipe, edits))

    return replace(row, base=replace(row.base, variant=changed(row.base.variant)), variant=changed(row.variant))


def rows_of(study: Study, document: Document) -> list[Row]:
    """The rows of a study; an error that tells everything that is wrong with any of them."""
    found = Findings()
    rows = list(Rows(study, document, found))
    if found.seen:
        raise SpecError(found.sorted())
    return rows


def _trained(rows: Sequence[Row], study: Study) -> dict[str, Trained]:
    """Every row fitted to its data, with its id, its cost and what it is compared with."""
    bases: dict[str, Trained] = {}
    found: dict[str, Trained] = {}
    several = len({_standing(row.base) for row in rows}) > 1
    for row in rows:
        base = bases.get(_standing(row.base)) if row.factor else None
        one = trained_of(row, base, study.measure, several=several, drift=study.drift)
        if found.setdefault(one.arm.id, one).arm.digest != one.arm.digest:
            message, hint = f"two different networks are called `{row.base.name}`", "give one a name: `arch: …`"
            raise SpecError(Problem("ARC401", message, hint, "baseline", row.base.variant.arch.tree.mark))
        if base is None:
            bases.setdefault(_standing(row.base), one)
    return found


def _standing(base: Base) -> str:
    """What tells a baseline from others: its arch, and its recipe where that is not the study's."""
    recipe = base.variant.recipe
    return f"{base.name}, {recipe.recipe}" if base.own_recipe and recipe else base.name


def _id(row: Row, name: str, *, several: bool) -> str:
    """An arm's address; it names the baseline where there are several."""
    standing = _standing(row.base)
    if not row.factor:
        return f"baseline/{standing}"
    return f"{row.factor}/{name}@{standing}" if several else f"{row.factor}/{name}"


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
        baseline=_standing(row.base),
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
