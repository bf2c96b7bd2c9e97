"""What probes have found: where a runner's are kept, and under which keys."""

from __future__ import annotations

import socket
from pathlib import Path

from archspec.records.knowing import known
from archspec.records.known import Known
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.hashing import digest
from archspec.spec.runner import Runner
from archspec.studies.shortening import in_steps
from archspec.studies.trained import Trained
from archspec.training.fitting import fitted

MOST = 256
"""Images of the steps that are measured: more at once take no less time each."""


def shape(one: Trained) -> Trained:
    """A training as it is measured: equal for all that differ in length or learning rates only."""
    recipe = in_steps(one.recipe, 1, batch=min(one.recipe.batch, MOST), **{"optimizer.lr": 1.0})
    arch = fitted(one.arch, recipe, one.data.classes, one.data.channels)
    return Trained(one.arm, arch, recipe, one.data)


def place(store: Path, runner: Runner) -> Path:
    """The store of the probes that a runner has made; those of this machine are no other's."""
    said = {name: value for name, value in runner.canonical().items() if name not in UNTOLD}
    return Store(store).path / "probes" / digest({**said, "host": socket.gethostname() if runner.here else ""})


UNTOLD = {"runner", "note", "parallelism", "time_limit"}
"""What makes no difference to how long a step takes."""


def probed(one: Trained, store: Path, runner: Runner) -> Known:
    """What a probe of a training has found, if there was one."""
    return known(RunFolder(Store(place(store, runner)).run(shape(one).key(0))))
