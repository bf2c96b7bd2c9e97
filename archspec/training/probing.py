"""`probe(folder)`: a few measured steps of a run, to tell how long the whole would take.

Runners call it as they call `work`: a probe is a run folder like any other, in a store of its own, and its result are
seconds.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path
from statistics import median
from typing import Any

import torch

from archspec.compiler import build
from archspec.errors import RecordsError
from archspec.records.run import Attempt, RunFolder
from archspec.spec.loading import load
from archspec.spec.recipe import RECIPE
from archspec.training.data import Batch, batches, source_for
from archspec.training.data.source import SplitName
from archspec.training.environment import ALONE, device_of, here, settled, surroundings, world_in
from archspec.training.evaluating import evaluate
from archspec.training.journal import forget_peak, memory
from archspec.training.loop import Learner
from archspec.training.work import failed

WARM, STEPS = 2, 8
"""Steps that are made before any is measured, and the most that are measured."""
ENOUGH = 5.0
"""Seconds after which two measured steps are enough."""


def probe(folder: Path | str) -> int:
    """Measure a run's steps; what goes wrong is told by the folder."""
    run = RunFolder(Path(folder))
    # Of several processes that would train together one is enough: they share the images.
    if run.result() is not None or not world_in(os.environ).writes:
        return 0
    attempt = run.claim()
    try:
        said = _Probe(run, attempt).measured()
    except RecordsError:
        raise
    except Exception as error:
        failed(run, f"{type(error).__name__}: {error}", traceback.format_exc())
        return 0
    run.finish(attempt, {"state": "done", **said})
    attempt.leave()
    return 0


class _Probe:
    """A network and its data, for as long as it takes to measure them."""

    def __init__(self, run: RunFolder, attempt: Attempt) -> None:
        spec = run.spec()
        self.attempt, self.arch, self.recipe = attempt, load(spec["arch"]), RECIPE.load(spec["recipe"])
        self.source, self.device = source_for(self.recipe.data), device_of(ALONE)

    def measured(self) -> dict[str, float]:
        """Seconds an image takes in training and in evaluation, and how many are evaluated."""
        with settled(self.recipe.threads, self.recipe.precision):
            forget_peak()
            self.attempt.record_environment(surroundings(), **here(ALONE, self.device))
            network = build(self.arch, seed=0)
            learner = Learner(network, self.recipe, 0, device=self.device, world=ALONE, say=lambda _: None)
            with learner.dropping:
                training = self._training(learner)
            self._evaluation(learner)
            seconds = {"train_seconds": training, "evaluation_seconds": self._evaluation(learner)}
        images: dict[SplitName, str] = {"val": "val_images", "test": "test_images"}
        sizes = {name: len(self.source.split(split)) for split, name in images.items()}
        return {**seconds, **sizes, "memory_mib": memory()}

    def _batches(self, split: SplitName, epoch: int = 0, *, training: bool = False) -> Iterator[Batch]:
        size = self.recipe.resolution or self.arch.input.size
        shown: dict[str, Any] = {"size": size, "classes": self.arch.classes, "seed": 0}
        return batches(self.source.split(split), self.recipe, epoch=epoch, training=training, **shown)

    def _training(self, learner: Learner) -> float:
        """The median step, its images' way from the disk included."""
        epochs = (self._batches("train", epoch, training=True) for epoch in count())
        data, taken = chain.from_iterable(epochs), list[float]()
        begin = time.perf_counter()
        while len(taken) < WARM + STEPS:
            start = time.perf_counter()
            batch = next(data)
            learner.step(len(taken), batch, 0.0)
            taken.append(self._since(start) / batch.total)
            self.attempt.beat()
            if len(taken) >= WARM + 2 and time.perf_counter() - begin > ENOUGH:
                break
        return median(taken[WARM:])

    def _evaluation(self, learner: Learner) -> float:
        start = time.perf_counter()
        batch = next(self._batches("val"))
        evaluate(learner.network, [batch], device=self.device, precision=learner.autocast)
        return self._since(start) / len(batch.images)

    def _since(self, start: float) -> float:
        """Seconds since then, when the accelerator has done what it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter() - start
