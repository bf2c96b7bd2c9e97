"""Digits: the 1797 handwritten digits that come with scikit-learn, real and small."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from archspec.training.data.source import Part, Pixels, Source, Split, SplitName, parted
from archspec.training.randomness import order

TESTED, LEARNED = 360, 1295
CLASSES = tuple(str(digit) for digit in range(10))
MEAN, STD = (0.305,), (0.376,)


class Digits(Source):
    """`digits`: 1797 digits of 8 × 8 pixels, drawn at any size; 360 are for the test, a tenth of the others for val."""

    @property
    def identity(self) -> str:
        """The same everywhere: it is bundled."""
        return "digits revision=1"

    @property
    def classes(self) -> tuple[str, ...]:
        """The ten digits; like all that planning asks for, it is known without a look at the images."""
        return CLASSES

    @property
    def channels(self) -> int:
        """They are grey."""
        return 1

    @property
    def images(self) -> int:
        """How many there are to learn from."""
        return LEARNED

    def make(self) -> dict[SplitName, Split]:
        """Splits that are the same for everybody."""
        images, labels = _bundled()
        shuffled = order(len(labels), 0, "digits test")
        test, learned = np.sort(shuffled[:TESTED]), np.sort(shuffled[TESTED:])
        train, val = parted(labels[learned], 0.1, "digits val")
        whole = Digitised(images, labels)
        return {"train": Part(whole, learned[train]), "val": Part(whole, learned[val]), "test": Part(whole, test)}


@lru_cache(maxsize=1)
def _bundled() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    from sklearn.datasets import load_digits

    found = load_digits()
    return np.round(found.images * (255 / 16)).astype(np.uint8)[..., None], found.target.astype(np.int64)


class Digitised(Split):
    """All digits at one size."""

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
        super().__init__(CLASSES, MEAN, STD)
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def classed(self) -> NDArray[np.int64]:
        """The class of every image."""
        return self.labels

    def sample(self, index: int) -> tuple[Pixels, int]:
        """An image and its class."""
        return self.images[index], int(self.labels[index])

    def drawn(self, size: tuple[int, int]) -> Split:
        """The same digits at a size; all of them are kept where that takes little memory, else each is drawn anew."""
        if len(self.images) * size[0] * size[1] > 2**25:
            return Enlarged(self, size)
        return Digitised(np.stack([enlarged(image, size) for image in self.images]), self.labels)


class Enlarged(Split):
    """Digits that are enlarged when they are asked for."""

    def __init__(self, small: Digitised, size: tuple[int, int]) -> None:
        super().__init__(small.classes, small.mean, small.std)
        self.small, self.size = small, size

    def __len__(self) -> int:
        return len(self.small)

    def sample(self, index: int) -> tuple[Pixels, int]:
        """An image and its class."""
        image, label = self.small.sample(index)
        return enlarged(image, self.size), label


def enlarged(image: Pixels, size: tuple[int, int]) -> Pixels:
    """A grey image at another size."""
    from PIL import Image

    return np.asarray(Image.fromarray(image[..., 0]).resize(size[::-1], Image.Resampling.BICUBIC))[..., None]
