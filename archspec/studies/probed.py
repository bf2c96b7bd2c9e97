"""What probes have found: where a runner's are kept, and under which keys."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

from archspec.records.knowing import known
from archspec.records.known import Known
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.hashing import digest
from archspec.spec.recipe import Recipe, phases_of
from archspec.spec.runner import Runner
from archspec.studies.shortening import in_steps
from archspec.studies.trained import Trained
from archspec.training.fitting import fitted

MOST = 256
"""Images of the steps that are measured: more at once take no less time each."""


def shapes(one: Trained) -> list[Trained]:
    """The phases of a training as they are measured: equal for all that differ in length or learning rates only."""
    return [_shape(one, phase, number) for number, phase in enumerate(phases_of(one.recipe), 1)]


def _shape(one: Trained, phase: Recipe, number: int) -> Trained:
    arm = one.arm if number == 1 else replace(one.arm, id=f"{one.arm.id}, phase {number}")
    recipe = in_steps(phase, 1, batch=min(phase.batch, MOST), **{"optimizer.lr": 1.0})
    arch = fitted(one.arch, recipe, one.data.classes, one.data.channels)
    return Trained(arm, arch, recipe, one.data)


def place(store: Path, runner: Runner) -> Path:
    """The store of the probes that a runner has made; those of this machine are no other's."""
    said = {name: value for name, value in runner.canonical().items() if name not in UNTOLD}
    return Store(store).path / "probes" / digest({**said, "host": socket.gethostname() if runner.here else ""})


UNTOLD = {"runner", "note", "parallelism", "time_limit"}
"""What makes no difference to how long a step takes."""


def probed(one: Trained, store: Path, runner: Runner) -> list[Known]:
    """What probes of a training's phases have found, if there were any."""
    probes = Store(place(store, runner))
    return [known(RunFolder(probes.run(shape.key(0)))) for shape in shapes(one)]
