"""What the training loop costs over a bare one, and what skipping images in stochastic depth saves."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archspec
from archspec.spec.recipe import RECIPE, Recipe
from archspec.training.data import Batch
from archspec.training.environment import ALONE, settled
from archspec.training.loop import Learner
from archspec.training.optimizing import optimizer_for
from benchmarks.timing import interleaved

LOOP = {"convformer_s18": 4, "vit_tiny": 16}
"""Archs, and the batches they are trained in."""
SKIPPING, RATE, BATCH = "vit_tiny", 0.4, 32
ROUNDS = 15


def recipe(batch: int, drop_path: float = 0.0) -> Recipe:
    """A recipe that does nothing beside the bare step, and perhaps drops branches at a constant rate."""
    optimizer = {"kind": "adamw", "lr": 1e-4}
    said = {"data": "scenes", "epochs": 1, "batch": batch, "optimizer": optimizer, "drop_path": drop_path}
    return RECIPE.load({"recipe": "bench", **said, "drop_path_rule": "constant"})


def ours(name: str, images: Tensor, labels: Tensor, drop_path: float = 0.0) -> Callable[[], object]:
    """A step as `train` makes it."""
    process = {"device": torch.device("cpu"), "world": ALONE}
    learner = Learner(archspec.build(name), recipe(len(images), drop_path), 0, **process, say=print)  # type: ignore[arg-type]
    learner.dropping.__enter__()
    batch = Batch(images, labels, torch.arange(len(images)), len(images))
    return lambda: learner.step(0, batch, 1e-4)


def bare(name: str, images: Tensor, labels: Tensor) -> Callable[[], object]:
    """Forward, loss, backward and update, and nothing else."""
    model: nn.Module = archspec.build(name).train()
    optimizer = optimizer_for(model, recipe(len(images)), len(images))

    def once() -> None:
        optimizer.zero_grad()
        torch.autograd.backward(F.cross_entropy(model(images), labels))
        optimizer.step()

    return once


def data(batch: int) -> tuple[Tensor, Tensor]:
    """Images and labels made of noise."""
    return torch.randn(batch, 3, 224, 224), torch.randint(1000, (batch,))


def run() -> None:
    """Print the ratios."""
    with settled(1, "float32"):
        for name, batch in LOOP.items():
            pair = {"ours": ours(name, *data(batch)), "bare": bare(name, *data(batch))}
            seconds = interleaved(pair, ROUNDS)
            ratio, load = seconds["ours"] / seconds["bare"] - 1, os.getloadavg()[0]
            print(f"{name}: the loop costs {ratio:+.1%} over a bare one (batch {batch}, load {load:.1f})", flush=True)
        steps = {rate: ours(SKIPPING, *data(BATCH), drop_path=rate) for rate in (0.0, RATE)}
        seconds = interleaved({str(rate): step for rate, step in steps.items()}, 3)
        saved = seconds["0.0"] / seconds[str(RATE)]
        print(f"{SKIPPING}: dropping {RATE:.0%} of all branches is {saved:.2f}x as fast (batch {BATCH})", flush=True)
