"""From a study to its plan: every arm and seed as a run with its key, and what all of it costs. Nothing is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from archspec.errors import ArchspecError, Problem, SpecError
from archspec.records.run import written
from archspec.spec.base import Spec
from archspec.spec.edits import Edit
from archspec.spec.findings import Findings
from archspec.spec.reading import Document
from archspec.spec.recipe import RECIPE
from archspec.spec.rows import Row, Rows
from archspec.spec.shelf import find, is_path
from archspec.spec.study import Study
from archspec.spec.studying import STUDY, profiled
from archspec.spec.tune import settings
from archspec.spec.variants import Variant
from archspec.studies.plan import Plan, PlannedRun
from archspec.studies.shortening import row_in_steps
from archspec.studies.trained import Trained, standing, trained_of
from archspec.studies.trying import CHECK, shortened, small


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
    def documents(self) -> dict[str, str]:
        """What the runs of each arm that is compared are asked for, at the first seed."""
        runs = {run.arm: run for run in reversed(self.plan.runs) if run.role == "train"}
        tested = [arm.id for arm in self.plan.tested if arm.id in runs]
        return {arm: written(self.trained[arm].document(runs[arm])) for arm in tested}

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
    source = str(study) if is_path(str(study)) else ""
    said = STUDY.read(document)
    checking = profile == CHECK and CHECK not in said.profiles
    chosen = small(said, document) if checking else profiled(said, profile) if profile else said
    taken = tuple(seeds) if seeds is not None else (0,) if checking else chosen.seed_list
    if chosen.space is not None:
        if steps is not None:
            raise ArchspecError("a search has no shorter form of its runs; `--profile check` tries it in small")
        from archspec.studies.searched import planned_search
        from archspec.studies.setting import Setting

        return planned_search(Setting(chosen, document, profile, taken, checking, source), store)
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
        source=source,
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
    several = len({standing(row.base) for row in rows}) > 1
    for row in rows:
        base = bases.get(standing(row.base)) if row.factor else None
        one = trained_of(row, base, study.measure, several=several, drift=study.drift)
        if found.setdefault(one.arm.id, one).arm.digest != one.arm.digest:
            message, hint = f"two different networks are called `{row.base.name}`", "give one a name: `arch: …`"
            raise SpecError(Problem("ARC401", message, hint, "baseline", row.base.variant.arch.tree.mark))
        if base is None:
            bases.setdefault(standing(row.base), one)
    return found
