"""From an arch, a recipe and a seed to a run's folder."""

from __future__ import annotations

from pathlib import Path

from archspec.records.keys import run_document
from archspec.records.run import RunFolder
from archspec.spec.arch import Arch
from archspec.spec.recipe import Recipe
from archspec.training.data import source_for
from archspec.training.fitting import fitted
from archspec.training.starting import start_of


def prepare(arch: Arch, recipe: Recipe, seed: int, store: Path) -> RunFolder:
    """The folder of a run in a store; equal runs have one folder."""
    source, start = source_for(recipe.data), start_of(recipe, store)
    network = fitted(arch, recipe, len(source.classes), source.channels)
    return RunFolder.create(store, run_document(network, recipe, seed, source.identity, start))
