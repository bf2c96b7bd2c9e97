"""Scenes as a source of data: as many as are asked for, drawn when they are needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archspec.training.data import scenes
from archspec.training.data.scenes import CLASSES, Scene
from archspec.training.data.source import SPLITS, Pixels, Source, Split, SplitName
from archspec.training.randomness import number

MEAN, STD = (0.50, 0.50, 0.50), (0.17, 0.17, 0.17)


class Scenes(Source):
    """Scenes: `scenes`, or `scenes:train=50000:test=5000:seed=1`."""

    def __init__(self, train: int = 12_000, val: int = 1_200, test: int = 2_400, seed: int = 0, size: int = 32) -> None:
        self.counts: dict[SplitName, int] = {"train": train, "val": val, "test": test}
        self.seed, self.size = seed, size

    @property
    def identity(self) -> str:
        """The generator's revision and parameters."""
        counts = " ".join(f"{name}={count}" for name, count in self.counts.items())
        return f"scenes revision={scenes.REVISION} {counts} seed={self.seed} size={self.size}"

    def make(self) -> dict[SplitName, Split]:
        """Splits that share no scene."""
        grid = (self.size, self.size)
        return {name: Drawn(self.counts[name], number(self.seed, f"scenes {name}"), grid) for name in SPLITS}


class Drawn(Split):
    """Some scenes at some size."""

    def __init__(self, count: int, seed: int, size: tuple[int, int]) -> None:
        super().__init__(CLASSES, MEAN, STD)
        self.count, self.seed, self.size = count, seed, size

    def __len__(self) -> int:
        return self.count

    @property
    def classed(self) -> NDArray[np.int64]:
        """The class of every image."""
        return np.arange(self.count) % len(CLASSES)

    def scene(self, index: int) -> Scene:
        """A scene with its mask and boxes."""
        return scenes.scene(self.seed, index, self.size)

    def sample(self, index: int) -> tuple[Pixels, int]:
        """An image and its class."""
        drawn = self.scene(index)
        return drawn.image, drawn.label

    def drawn(self, size: tuple[int, int]) -> Split:
        """The same scenes drawn at a size."""
        return Drawn(self.count, self.seed, size)
