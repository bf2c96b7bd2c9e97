"""Whether every name in a study leads somewhere and every arm makes a network that works, in each of its profiles."""

from __future__ import annotations

from archspec.spec.arch import Arch
from archspec.spec.checking_space import try_space
from archspec.spec.edits import Edit
from archspec.spec.findings import Findings
from archspec.spec.loading import ARCH
from archspec.spec.nodes import Node
from archspec.spec.reading import Document
from archspec.spec.recipe import Recipe
from archspec.spec.rows import Rows
from archspec.spec.rungs import rungs_of
from archspec.spec.search import conditions
from archspec.spec.space import SPACE
from archspec.spec.study import Study
from archspec.spec.studying import profiled
from archspec.spec.variants import Variant


def check_study(study: Study, document: Document, found: Findings) -> None:
    """Try a study as it stands, then as each of its profiles has it."""
    _try(study, document, found)
    for name in study.profiles:
        with found.collecting():
            _try(profiled(study, name), document, found)


def _try(study: Study, document: Document, found: Findings) -> None:
    """Work out all that a study is made of."""
    rows = Rows(study, document, found)
    if study.space is not None:
        with found.collecting():
            space = SPACE.resolve(study.tree.mapping["space"], document)
            base = rows.names.arch(space.tree.mapping["base"])
            found.add(rows.unmeasurable(Variant(base, rows.names.recipe(study.tree.mapping["recipe"]))))
            try_space(space, base, found, conditions(study.search, study.tree.mapping["search"]))
            _try_rungs(rungs_of(study.tree.mapping["search"], rows.names.recipe(Node("none"))), base, found)
    for _ in rows:
        pass


def _try_rungs(rungs: list[Recipe], base: Arch, found: Findings) -> None:
    """The base has to work on every rung, at the size of its images."""
    for recipe in rungs:
        found.add(base.untrainable(recipe))
        if recipe.resolution is not None:
            with found.collecting():
                size = recipe.tree.mapping["resolution"]
                ARCH.blaming(base, [Edit("input.size", size, size.mark)])
