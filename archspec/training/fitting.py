"""A network as it is trained: with the data's classes and channels, shaped for the recipe's resolution."""

from __future__ import annotations

from typing import Any

from archspec.spec.arch import Arch
from archspec.spec.recipe import Recipe


def fitted(arch: Arch, recipe: Recipe, classes: int, channels: int) -> Arch:
    """The arch as it is trained on data of so many classes and channels."""
    wanted: dict[str, Any] = {"classes": classes, "input.channels": channels}
    if recipe.resolution is not None:
        wanted["input.size"] = recipe.resolution
    there = {"classes": arch.classes, "input.channels": arch.input.channels, "input.size": arch.input.size}
    edits = {path: value for path, value in wanted.items() if there[path] != value}
    return arch.edit(edits) if edits else arch
