"""What all data has in common: a source with three splits, and samples that can be asked for in any order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
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
    mixed = order(len(labels), 0, purpose)
    by_class = mixed[np.argsort(labels[mixed], kind="stable")]
    # Every image's rank within its class, as if the class were cut into pieces of which the first `share` goes.
    sizes = np.bincount(labels)
    ranks = np.arange(len(labels)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    goes = ranks < np.repeat(quotas(sizes, share), sizes)
    return np.sort(by_class[~goes]), np.sort(by_class[goes])


def quotas(sizes: NDArray[np.int64], share: float) -> NDArray[np.int64]:
    """How many of each class are cut off: a share, one at least, but nothing from a class of fewer than three."""
    wanted = np.maximum(1, np.round(sizes * share)).astype(np.int64)
    return np.where(sizes < 3, 0, wanted)
