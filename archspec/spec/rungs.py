"""The rungs of a search: cheaper trainings that candidates go through before they are trained by the recipe itself."""

from __future__ import annotations

from archspec.errors import Problem, SpecError
from archspec.spec.edits import edits_of
from archspec.spec.findings import Findings
from archspec.spec.nodes import Node
from archspec.spec.recipe import RECIPE, Recipe


def rungs_of(search: Node, recipe: Recipe) -> list[Recipe]:
    """The recipe of each rung, cheapest first; what leaves a recipe as it is, or makes one twice, is refused."""
    rungs, wrong = list[Recipe](), Findings()
    for index, node in enumerate(search.mapping["rungs"].items):
        with wrong.collecting():
            made = RECIPE.blaming(recipe, edits_of(node))
            if made in (recipe, *rungs):
                same = "the recipe itself" if made == recipe else f"rung {rungs.index(made) + 1}"
                message, hint = f"this rung trains like {same}", "leave it out: the recipe itself is the last rung"
                raise SpecError(Problem("ARC401", message, hint, f"search.rungs.{index}", node.mark))
            rungs.append(made)
    if wrong.seen:
        raise SpecError(wrong.sorted())
    return rungs
