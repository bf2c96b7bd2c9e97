"""Recipes in short: the same steps, and few of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archspec.spec.edits import edits_from
from archspec.spec.recipe import RECIPE, Recipe, phases_of
from archspec.spec.rows import Row
from archspec.spec.variants import Variant

ALONE: dict[str, Any] = {
    "epochs": "none",
    "phases": [],
    "from": "none",
    "schedule.warmup": 0,
    "schedule.cooldown": 0,
    "trackers": [],
}
"""What makes a recipe's length its number of steps, and its first phase all there is."""


def in_steps(recipe: Recipe, steps: int, **more: Any) -> Recipe:
    """The first phase of a recipe, in so many steps."""
    return RECIPE.edited(phases_of(recipe)[0], edits_from({**ALONE, "steps": steps, **more}))


def row_in_steps(row: Row, steps: int) -> Row:
    """A row that is trained for so many steps, and its baseline too."""
    base = replace(row.base, variant=_briefly(row.base.variant, steps))
    return replace(row, base=base, variant=_briefly(row.variant, steps))


def _briefly(variant: Variant, steps: int) -> Variant:
    assert variant.recipe is not None
    return Variant(variant.arch, in_steps(variant.recipe, steps))
