"""What planning needs to know of data, also of data that is not on this machine."""

from __future__ import annotations

from collections.abc import Sized
from functools import lru_cache
from typing import NamedTuple

from archspec.errors import DataError
from archspec.spec.recipe import Recipe
from archspec.training.data.finding import source_for
from archspec.training.data.folders import MOST, VAL


class Facts(NamedTuple):
    """Data in numbers."""

    identity: str
    """What tells it from other data: part of the key of every run on it."""
    classes: int
    channels: int
    images: int
    """In the split for training."""
    missing: str = ""
    """Why it cannot be trained on here, where it cannot."""


ELSEWHERE = {
    "imagenet": (1000, 3, 1_281_167),
    "imagenet21k": (19_167, 3, 13_153_500),
    "cifar10": (10, 3, 50_000),
    "cifar100": (100, 3, 50_000),
    "mnist": (10, 1, 60_000),
    "fashion_mnist": (10, 1, 60_000),
    "stanford_cars": (196, 3, 8_144),
}
"""Classes, channels and images of sets that are well known and not shipped; val is still to be cut off."""


@lru_cache(maxsize=64)
def facts(data: str) -> Facts:
    """The facts of what a recipe names under `data`."""
    try:
        source = source_for(data)
    except DataError as error:
        if data not in ELSEWHERE:
            raise
        classes, channels, images = ELSEWHERE[data]
        return Facts(f"{data} (not here)", classes, channels, images - int(min(MOST, VAL * images)), str(error))
    return Facts(source.identity, len(source.classes), source.channels, source.images)


def learned(images: Sized | int, recipe: Recipe) -> int:
    """How many images of training are learned from: all, or a fraction of them."""
    return max(1, round((images if isinstance(images, int) else len(images)) * recipe.fraction))


def steps_per_epoch(images: Sized | int, recipe: Recipe) -> int:
    """Steps of one epoch of training: full batches only, or one where there is too little for that."""
    return max(1, learned(images, recipe) // recipe.batch)
