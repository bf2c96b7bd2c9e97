"""The profile that every study has: each arm in small for two steps, to see that it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archspec.spec.arch import tidy
from archspec.spec.checking_space import try_space
from archspec.spec.edits import edits_from
from archspec.spec.findings import Findings
from archspec.spec.nodes import node_of
from archspec.spec.reading import Document
from archspec.spec.recipe import RECIPE, Recipe
from archspec.spec.rows import Row, Rows
from archspec.spec.space import SPACE
from archspec.spec.study import Study
from archspec.spec.studying import STUDY
from archspec.spec.variants import Names, Variant

CHECK = "check"
"""The profile's name; a study may have one of its own."""

SMALLER: tuple[tuple[dict[str, Any], ...], ...] = (
    ({"stages.depth": 1}, {"stages.depth": 2}, {"stages.depth": 4}, {"stages.depth": 8}),
    ({"stages.dim": {"times": 0.25}}, {"stages.dim": {"times": 0.5}}),
    ({"input.size": 32}, {"input.size": 64}, {"input.size": 96}),
)
"""Ways to make all of a study's archs smaller; of each group the first with which every arm still works is taken."""

SHORT = {
    "data": "scenes:train=8:val=4:test=4",
    "fraction": 1,
    "resolution": "none",
    "epochs": "none",
    "steps": 2,
    "batch": 4,
    "phases": [],
    "from": "none",
    "schedule.warmup": 0,
    "schedule.cooldown": 0,
    "compile": "off",
    "precision": "float32",
    "micro_batch": "none",
    "threads": 1,
    "workers": 0,
    "trackers": [],
}
"""Two steps on data that is always there; how images are changed and weights learn stays as it is."""


BRIEF = {
    "constraints": {},
    "where": "none",
    "sampler": "random",
    "pruner": "none",
    "prune_on": "none",
    "trials": 2,
    "final": {"best": 1, "seeds": 1},
}
"""Two candidates, whatever they cost, and one of them again."""


def small(study: Study, document: Document) -> Study:
    """A study with its archs as small as all its arms allow, its measurements brief, and a search cut short."""
    brief = {
        name: tidy(measurement.brief().model_dump(exclude_none=True)) for name, measurement in study.measure.items()
    }
    tree = study.tree.with_child("measure", node_of(brief, study.tree.mapping["measure"]))
    if study.space is not None:
        tree = tree.with_child("search", node_of({**tree.mapping["search"].mapping, **BRIEF}))
    study = STUDY.from_tree(tree)
    for group in SMALLER:
        before = study._layer
        for edits in group:
            study._layer = (*before, *edits_from(edits))
            if _works(study, document):
                break
        else:
            study._layer = before
    return study


def _works(study: Study, document: Document) -> bool:
    found = Findings()
    if study.space is not None:
        space = SPACE.resolve(study.tree.mapping["space"], document)
        try_space(space, Names(study, document).arch(space.tree.mapping["base"]), found)
        return not found.seen
    rows = list(Rows(study, document, found))
    return bool(rows) and not found.seen


def shortened(row: Row) -> Row:
    """A row that is trained for two steps on small data, and its baseline too."""
    base = replace(row.base, variant=_briefly(row.base.variant))
    return replace(row, base=base, variant=_briefly(row.variant))


def _briefly(variant: Variant) -> Variant:
    assert variant.recipe is not None
    return Variant(variant.arch, briefly(variant.recipe))


def briefly(recipe: Recipe) -> Recipe:
    """A recipe cut down to two steps."""
    return RECIPE.edited(recipe, edits_from(SHORT))
