"""From an arch, a recipe and a seed to a run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from archspec.records.keys import run_document
from archspec.records.run import RunFolder
from archspec.spec.arch import Arch
from archspec.spec.recipe import Recipe
from archspec.training.data import source_for
from archspec.training.data.source import Source
from archspec.training.starting import start_of


def prepare(arch: Arch, recipe: Recipe, seed: int, store: Path) -> RunFolder:
    """The folder of a run in a store; equal runs have one folder."""
    source = source_for(recipe.data)
    network, start = fitted(arch, recipe, source), start_of(recipe, store)
    return RunFolder.create(store, run_document(network, recipe, seed, source.identity, start))


def fitted(arch: Arch, recipe: Recipe, source: Source) -> Arch:
    """The arch as it is trained: with the data's classes and channels, shaped for the recipe's resolution."""
    wanted: dict[str, Any] = {"classes": len(source.classes), "input.channels": source.channels}
    if recipe.resolution is not None:
        wanted["input.size"] = recipe.resolution
    there = {"classes": arch.classes, "input.channels": arch.input.channels, "input.size": arch.input.size}
    edits = {path: value for path, value in wanted.items() if there[path] != value}
    return arch.edit(edits) if edits else arch
