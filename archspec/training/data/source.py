"""What all data has in common: a source with three splits, and samples that can be asked for in any order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from archspec.training.randomness import order

Pixels: TypeAlias = NDArray[np.uint8]
"""An image: rows, columns, channels."""
SplitName: TypeAlias = Literal["train", "val", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "val", "test")

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Split(ABC):
    """Images and their classes."""

    def __init__(self, classes: Sequence[str], mean: Sequence[float], std: Sequence[float]) -> None:
        self.classes, self.mean, self.std = tuple(classes), tuple(mean), tuple(std)

    @property
    def channels(self) -> int:
        """Channels of every image."""
        return len(self.mean)

    @abstractmethod
    def __len__(self) -> int:
        """How many there are."""

    @property
    def classed(self) -> NDArray[np.int64] | None:
        """The class of every image, where that is known without opening it."""
        return None

    @abstractmethod
    def sample(self, index: int) -> tuple[Pixels, int]:
        """An image and its class."""

    def drawn(self, size: tuple[int, int]) -> Split | None:
        """The same images drawn at a size, where they can be; such images need no resizing and no cropping."""
        return None


class Part(Split):
    """Some images of a split."""

    def __init__(self, whole: Split, indices: NDArray[np.int64]) -> None:
        super().__init__(whole.classes, whole.mean, whole.std)
        self.whole, self.indices = whole, indices

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def classed(self) -> NDArray[np.int64] | None:
        """The class of every image, where the whole knows it."""
        classed = self.whole.classed
        return None if classed is None else classed[self.indices]

    def sample(self, index: int) -> tuple[Pixels, int]:
        """An image and its class."""
        return self.whole.sample(int(self.indices[index]))

    def drawn(self, size: tuple[int, int]) -> Split | None:
        """The same images drawn at a size."""
        whole = self.whole.drawn(size)
        return None if whole is None else Part(whole, self.indices)


class Source(ABC):
    """Where images come from."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """What tells this data from other data: part of the key of every run on it."""

    @abstractmethod
    def make(self) -> dict[SplitName, Split]:
        """The splits: `train`, `val` and `test`."""

    @cached_property
    def splits(self) -> dict[SplitName, Split]:
        """The splits, made once."""
        return self.make()

    def split(self, name: SplitName) -> Split:
        """One of the three splits."""
        return self.splits[name]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.split("train").classes

    @property
    def channels(self) -> int:
        """Channels of every image."""
        return self.split("train").channels

    @property
    def images(self) -> int:
        """How many images there are to learn from."""
        return len(self.split("train"))


def parted(labels: NDArray[np.int64], share: float, purpose: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices that stay and indices that are cut off, a share of every class, always the same for the same labels."""
    by_class, ranks, sizes = ranked(labels, purpose)
    goes = ranks < np.repeat(quotas(sizes, share), sizes)
    return np.sort(by_class[~goes]), np.sort(by_class[goes])


def ranked(labels: NDArray[np.int64], purpose: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Indices class by class, shuffled within each; the rank of each within its class; and the sizes of the classes."""
    mixed = order(len(labels), 0, purpose)
    by_class = mixed[np.argsort(labels[mixed], kind="stable")]
    sizes = np.bincount(labels)
    return by_class, np.arange(len(labels)) - np.repeat(np.cumsum(sizes) - sizes, sizes), sizes


@lru_cache(maxsize=8)
def evenly(split: Split, count: int) -> NDArray[np.int64]:
    """So many images of a split, the same share of every class where classes are known; fewer are among more."""
    if count == len(split):
        return np.arange(count)
    classed = split.classed
    if classed is None:
        return np.sort(order(len(split), 0, "fraction")[:count])
    by_class, ranks, sizes = ranked(classed, "fraction")
    return np.sort(by_class[np.argsort((ranks + 0.5) / np.repeat(sizes, sizes), kind="stable")[:count]])


def quotas(sizes: NDArray[np.int64], share: float) -> NDArray[np.int64]:
    """How many of each class are cut off: a share, one at least, but nothing from a class of fewer than three."""
    wanted = np.maximum(1, np.round(sizes * share)).astype(np.int64)
    return np.where(sizes < 3, 0, wanted)
