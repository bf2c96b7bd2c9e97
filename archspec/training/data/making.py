"""Effective batches: which images, in which order, augmented and mixed how. All of it follows from a few numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from archspec.errors import DataError
from archspec.spec.arch import as_grid
from archspec.spec.recipe import Recipe
from archspec.training.data import mixing
from archspec.training.data.facts import learned, steps_per_epoch
from archspec.training.data.loading import Piece, cut, pieces, seen
from archspec.training.data.source import Split, evenly
from archspec.training.data.transforms import Draw
from archspec.training.randomness import draws, forked, order

LOOKED_AT = 128
"""Images that a process evaluates at a time, at most."""


@dataclass(frozen=True)
class Batch:
    """One process's share of an effective batch.

    `targets` are classes (images,), or shares of classes (images, classes) where images were mixed; `indices` say
    where in the effective batch of `total` images each one stands.
    """

    images: Tensor
    targets: Tensor
    indices: Tensor
    total: int


def batches(
    split: Split,
    recipe: Recipe,
    *,
    size: int | tuple[int, ...],
    seed: int,
    epoch: int,
    classes: int,
    training: bool,
    start: int = 0,
    rank: int = 0,
    world: int = 1,
    workers: int | None = None,
) -> Iterator[Batch]:
    """The batches of an epoch from the one numbered `start` on; in evaluation every image comes exactly once."""
    if classes != len(split.classes):
        raise DataError(f"the network tells {classes} classes apart, but the data has {len(split.classes)}")
    grid = as_grid(size)
    plan = shown(split, recipe, seed, epoch) if training else looked_at(len(split), recipe, world)
    shares = [mixing.share(len(batch), rank, world) for batch in plan]
    todo = [cut([batch[place] for place in places]) for batch, places in zip(plan, shares, strict=True)]
    source = seen(split, recipe.augment if training else recipe.test, grid, seed)
    prepared = pieces(source, [piece for batch in todo[start:] for piece in batch], workers_of(recipe, workers))
    for step in range(start, len(plan)):
        raw = list(islice(prepared, len(todo[step])))
        batch = whole(raw, split, grid, shares[step], len(plan[step]))
        if training:
            erase(batch.images, recipe.augment.erasing, seed, [plan[step][place] for place in shares[step]])
            batch = blended(batch, recipe, classes, draws(seed, "mix", epoch, step))
        yield batch


def workers_of(recipe: Recipe, workers: int | None) -> int:
    """Processes that prepare images: as said, else as the recipe says."""
    return recipe.workers if workers is None else workers


def shown(split: Split, recipe: Recipe, seed: int, epoch: int) -> list[list[Draw]]:
    """What an epoch of training shows in each step."""
    steps, repeated = steps_per_epoch(split, recipe), recipe.augment.repeated
    images = evenly(split, learned(split, recipe))
    batch = min(recipe.batch, len(images))
    mixed = images[order(len(images), seed, "order", epoch)[: -(-steps * batch // repeated)]].tolist()
    showings = [Draw(epoch, index, time) for index in mixed for time in range(repeated)]
    return [showings[step * batch : (step + 1) * batch] for step in range(steps)]


def looked_at(count: int, recipe: Recipe, world: int) -> list[list[Draw]]:
    """All images in batches of about equal size, so that there is something for every process in each."""
    most = min(recipe.batch, LOOKED_AT * world)
    return [[Draw(0, int(i)) for i in part] for part in np.array_split(np.arange(count), -(-count // most))]


def whole(raw: list[Piece], split: Split, grid: tuple[int, int], places: np.ndarray, total: int) -> Batch:
    """A share put together, its values normalised."""
    if not raw:
        images, labels = torch.empty(0, split.channels, *grid), torch.empty(0, dtype=torch.long)
        return Batch(images, labels, torch.empty(0, dtype=torch.long), total)
    pixels = torch.cat([images for images, _ in raw])
    images = pixels.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format)
    mean, std = (255 * torch.tensor(values).view(-1, 1, 1) for values in (split.mean, split.std))
    return Batch(images.sub_(mean).div_(std), torch.cat([labels for _, labels in raw]), torch.from_numpy(places), total)


def erase(images: Tensor, probability: float, seed: int, showings: list[Draw]) -> None:
    """Fill a rectangle in some images with noise."""
    if not probability:
        return
    from timm.data.random_erasing import RandomErasing

    eraser = RandomErasing(probability, mode="pixel", device="cpu")  # type: ignore[no-untyped-call]
    for image, draw in zip(images, showings, strict=True):
        with forked(seed, "erase", *draw):
            eraser(image)


def blended(batch: Batch, recipe: Recipe, classes: int, draws: np.random.Generator) -> Batch:
    """A share of a batch with its images mixed, where the recipe mixes; label smoothing is then in the targets."""
    if not recipe.mixes or not len(batch.images):
        return batch
    places, size = batch.indices.numpy(), (batch.images.shape[2], batch.images.shape[3])
    mix = mixing.drawn(recipe.augment, batch.total, size, draws)
    images = mixing.mixed(batch.images, places, mix)
    targets = mixing.labelled(batch.targets, places, mix, classes, recipe.label_smoothing)
    return Batch(images, targets, batch.indices, batch.total)
