"""`measure(folder)`: a measurement is a run of its own, and like any a function of its folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from archspec.compiler import build, load_model
from archspec.compiler.network import Network
from archspec.errors import RecordsError
from archspec.records.run import RunFolder
from archspec.spec.loading import load
from archspec.spec.measurements import Measurement
from archspec.spec.recipe import RECIPE, Recipe, phases_of
from archspec.training.attempting import SupersededError, asked_to_stop, attempted
from archspec.training.environment import World, device_of
from archspec.training.journal import Journal
from archspec.training.progress import Progress
from archspec.training.signals import Signals, Stopped
from archspec.training.starting import finished_model


@dataclass(frozen=True)
class Measured:
    """What is measured: a finished run's network and how that was trained, or one that is just started."""

    network: Network
    seed: int
    recipe: Recipe
    """That of its last phase."""
    data: str
    """What tells its data from other data."""
    device: torch.device
    world: World
    between: Callable[[], None]
    """To be called now and then: gives a sign of life, and raises where the measurement is to end."""


def measure(folder: Path | str, progress: Progress | None = None) -> dict[str, Any]:
    """Measure what a folder says of the run that it names; its result."""
    run = RunFolder(Path(folder))
    if (result := run.result()) is not None:
        return result
    if not run.measures:
        raise RecordsError(f"{run.path} measures nothing")
    of = run.measured()
    spec = run.spec() if of is None else of.spec()
    recipe = phases_of(RECIPE.load(spec["recipe"]))[-1]
    measurement = Measurement.model_validate(run.spec()["measure"])
    with attempted(run, recipe, progress) as (journal, signals):
        device, began = device_of(journal.world), time.monotonic()
        journal.introduce(device, ())
        seed, between = int(spec["seed"]), _between(journal, signals)
        network = build(load(spec["arch"]), seed) if of is None else load_model(finished_model(of))
        about = (recipe, str(spec["data"]), device, journal.world, between)
        numbers = measurement.measure(Measured(network.to(device).eval(), seed, *about))
        journal.spent(time.monotonic() - began)
        journal.say("  ".join(f"{name} {number:g}" for name, number in numbers.items()))
        if not journal.world.tell(journal.world.writes and run.finish(journal.attempt, {"state": "done", **numbers})):
            raise SupersededError
        return run.result() or {}


def _between(journal: Journal, signals: Signals) -> Callable[[], None]:
    """What measurements call now and then; several processes do so unequally often, so none of them may stop."""

    def pause() -> None:
        if journal.world.size > 1:
            journal.beat()
        elif code := asked_to_stop(journal, signals):
            raise Stopped(code)

    return pause
