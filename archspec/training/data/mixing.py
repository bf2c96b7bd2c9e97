"""Mixup and CutMix: each image of an effective batch is mixed with the one that stands as far from the other end.

What is drawn speaks of the whole effective batch, and processes share a batch so that both images of a pair are in one
share: so a share is mixed as the whole would be.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from archspec.spec.augmenting import Augment

Box = tuple[int, int, int, int]
"""First row, row behind the last, first column, column behind the last."""


class Mix(NamedTuple):
    """How each image of an effective batch is mixed: its weight, and where its partner is cut into it."""

    weights: NDArray[np.float64]
    boxes: list[Box | None]


def share(total: int, rank: int, world: int) -> NDArray[np.int64]:
    """The places in an effective batch that belong to a process: a run of pairs, from outside to inside."""
    places = np.arange(total)
    pairs = np.minimum(places, total - 1 - places)
    mine: NDArray[np.int64] = places[pairs * world // ((total + 1) // 2) == rank]
    return mine


def drawn(augment: Augment, total: int, size: tuple[int, int], numbers: np.random.Generator) -> Mix:
    """How an effective batch is mixed."""
    places = np.arange(total)
    groups = {"batch": 0 * places, "pair": np.minimum(places, total - 1 - places), "image": places}[augment.mix_each]
    count = int(groups.max()) + 1
    mixes, switched, *centres = numbers.random((4, count))
    weights = [
        numbers.beta(alpha, alpha, count) if alpha else np.ones(count) for alpha in (augment.mixup, augment.cutmix)
    ]
    cuts = switched < augment.switch if augment.mixup and augment.cutmix else np.full(count, augment.cutmix > 0)
    chosen = np.where(mixes < augment.mix, np.where(cuts, weights[1], weights[0]), 1.0)
    boxes: list[Box | None] = [None] * count
    for group in np.flatnonzero(cuts & (chosen < 1)):
        box = boxes[group] = _box(chosen[group], (centres[0][group], centres[1][group]), size)
        # A box that sticks out of the image takes less of it than was drawn.
        chosen[group] = 1 - (box[1] - box[0]) * (box[3] - box[2]) / (size[0] * size[1])
    return Mix(chosen[groups], [boxes[group] for group in groups])


def _box(weight: float, centre: tuple[float, float], size: tuple[int, int]) -> Box:
    """A box of the image's shape around a centre that takes all but `weight` of its area, as far as it lies within."""
    sides = [int(side * np.sqrt(1 - weight)) for side in size]
    middles = [int(part * side) for part, side in zip(centre, size, strict=True)]
    spans = [(max(0, m - s // 2), min(side, m + (s + 1) // 2)) for m, s, side in zip(middles, sides, size, strict=True)]
    return (*spans[0], *spans[1])


def mixed(images: Tensor, places: NDArray[np.int64], mix: Mix) -> Tensor:
    """A share of an effective batch, mixed."""
    partners = images.flip(0)
    boxes = [mix.boxes[place] for place in places]
    plain = torch.tensor([w if box is None else 1.0 for w, box in zip(mix.weights[places], boxes, strict=True)])
    result = torch.lerp(partners, images, plain.to(images.dtype).view(-1, 1, 1, 1))
    for image, partner, box in zip(result, partners, boxes, strict=True):
        if box is not None:
            top, bottom, left, right = box
            image[:, top:bottom, left:right] = partner[:, top:bottom, left:right]
    return result


def labelled(labels: Tensor, places: NDArray[np.int64], mix: Mix, classes: int, smoothing: float) -> Tensor:
    """What each class's share is of the images that were mixed."""
    ones = F.one_hot(labels, classes).float() * (1 - smoothing) + smoothing / classes
    weights = torch.from_numpy(mix.weights[places]).float()[:, None]
    return weights * ones + (1 - weights) * ones.flip(0)
