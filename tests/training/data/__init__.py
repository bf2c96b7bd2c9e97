"""Data: sources, transforms, batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from archspec.spec.recipe import RECIPE, Recipe
from archspec.training.data import Batch, Split, batches

RICH = {
    "randaugment": "rand-m9-mstd0.5-inc1",
    "color_jitter": [0.2, 0.2, 0.2, 0.1],
    "interpolation": "random",
    "erasing": 0.5,
    "mixup": 0.8,
    "cutmix": 1.0,
}
"""Everything that draws."""


def recipe(batch: int = 16, augment: dict[str, Any] | None = None, **more: Any) -> Recipe:
    """A recipe of which only what concerns data matters."""
    said = {"recipe": "r", "data": "digits", "epochs": 1, "batch": batch, "augment": augment or RICH}
    return RECIPE.load({**said, **more})


def epoch(split: Split, said: Recipe, **more: Any) -> Iterator[Batch]:
    """The batches of an epoch of training at 16 px."""
    known = {"size": 16, "seed": 3, "epoch": 2, "classes": len(split.classes), "training": True}
    return batches(split, said, **{**known, **more})


def same(ours: Sequence[Batch], theirs: Sequence[Batch]) -> bool:
    """Whether batches are the same to the last bit."""
    assert len(ours) == len(theirs)
    pairs = [(getattr(a, part), getattr(b, part)) for a, b in zip(ours, theirs, strict=True) for part in PARTS]
    return all(torch.equal(a, b) for a, b in pairs)


PARTS = ("images", "targets", "indices")


def painted(folder: Path, classes: Sequence[str], count: int, side: int = 20) -> Path:
    """A folder of images: a folder a class."""
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for image in range(count):
            rng = np.random.default_rng([number, image])
            pixels = rng.integers(0, 256, (side, side + 4, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{image}.png")
    return folder
