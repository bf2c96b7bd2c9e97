"""Where a recipe's weights come from, when it is the run of another recipe that goes first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from archspec.errors import Problem, SpecError
from archspec.spec.findings import Findings
from archspec.spec.reading import Document
from archspec.spec.recipe import RECIPE, Recipe
from archspec.spec.shelf import is_path

WEIGHTS = {".safetensors", ".pt", ".pth", ".bin"}
"""How files of weights end."""


def names_recipe(start: str) -> bool:
    """Whether `from` names a recipe, rather than a run's folder or a file: those have a slash, or end like weights."""
    return is_path(start) or not (os.sep in start or "~" in start or Path(start).suffix in WEIGHTS)


def parent_of(recipe: Recipe) -> Recipe | None:
    """The recipe whose run of the same arch and seed goes first; None where nothing does, or a folder or file is named.

    A name is looked for beside the file in which `from` stands, then on the shelf.
    """
    if recipe.start is None or not names_recipe(recipe.start):
        return None
    said = recipe.tree.mapping["from"]
    file = Path(said.mark.file) if said.mark else None
    beside = file if file is not None and file.is_file() else None
    return RECIPE.resolve(said, Document("recipe", recipe.recipe, recipe.tree, beside))


def ancestors(recipe: Recipe) -> Iterator[Recipe]:
    """The recipe whose run goes first, the one before that, and so on; an error where they go in a circle."""
    seen = [recipe]
    while (before := parent_of(seen[-1])) is not None:
        if before in seen:
            names = " → ".join(each.recipe or "this one" for each in (*seen, before))
            message, hint = (
                f"runs that start from each other in a circle: {names}",
                "let one of them start from scratch",
            )
            raise SpecError(Problem("ARC204", message, hint, "from", recipe.tree.mapping["from"].mark))
        seen.append(before)
        yield before


def check_recipe(recipe: Recipe, _document: Document, found: Findings) -> None:
    """What `from` names is there, and leads in no circle."""
    with found.collecting():
        list(ancestors(recipe))
