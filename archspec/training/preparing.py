"""From an arch, a recipe and a seed to a run's folder."""

from __future__ import annotations

from pathlib import Path

from archspec.errors import DataError, SpecError
from archspec.records.keys import run_document
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.arch import Arch
from archspec.spec.origin import ancestors
from archspec.spec.recipe import Recipe
from archspec.training.data import source_for
from archspec.training.fitting import fitted
from archspec.training.starting import start_of


def prepare(arch: Arch, recipe: Recipe, seed: int, store: Path) -> RunFolder:
    """The folder of a run in a store, and those of the runs that it starts from; equal runs have one folder."""
    chain = [recipe, *ancestors(recipe)]
    origin = chain[-1].start
    start = start_of(origin, store) if origin is not None else ""
    for each in reversed(chain):
        try:
            start = RunFolder.create(store, _document(arch, each, seed, start)).key
        except DataError as error:
            if each is recipe:
                raise
            hint = "or give weights to start from: --set recipe.from=FILE.safetensors"
            raise DataError(f"`{each.recipe}`, by which the weights are trained first: {error}; {hint}") from error
    return RunFolder(Store(store).run(start))


def _document(arch: Arch, recipe: Recipe, seed: int, start: str) -> dict[str, object]:
    source = source_for(recipe.data)
    if problems := list(arch.untrainable(recipe)):
        raise SpecError(problems)
    network = fitted(arch, recipe, len(source.classes), source.channels)
    return run_document(network, recipe, seed, source.identity, start)
