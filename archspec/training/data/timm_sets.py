"""Everything that timm's dataset factory reads in any order: torchvision's sets, Hugging Face's, tar files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archspec.errors import DataError
from archspec.training.data.folders import MOST, VAL
from archspec.training.data.source import IMAGENET_MEAN, IMAGENET_STD, Part, Pixels, Source, Split, SplitName
from archspec.training.randomness import order

AS_STORED: dict[str, Any] = {"input_img_mode": None}
"""Grey images are left grey."""
STREAMS = ("tfds", "wds", "hfids")


class TimmSet(Source):
    """`timm:NAME:ROOT`, with `:train=…`, `:val=…` and `:test=…` where splits have other names than usual."""

    def __init__(self, name: str, root: Path, train: str = "train", val: str = "", test: str = "validation") -> None:
        self.name, self.root = name, root
        self.named: dict[SplitName, str] = {"train": train, "val": val, "test": test}
        if name.partition("/")[0].lower() in STREAMS:
            message = f"timm:{name}: timm reads it as a stream, and training needs images in an order of its own"
            raise DataError(f"{message} (unpack it into a folder of images, one folder a class)")

    @property
    def identity(self) -> str:
        """The set's name, its splits and their sizes."""
        sizes = " ".join(f"{name}={self.named[name]}:{len(split)}" for name, split in self.splits.items())
        return f"timm {self.name} {sizes}"

    def make(self) -> dict[SplitName, Split]:
        """The set's splits; val is cut off from train where none is named."""
        train, test = self._opened("train"), self._opened("test")
        if self.named["val"]:
            return {"train": train, "val": self._opened("val"), "test": test}
        mixed = order(len(train), 0, "timm val")
        count = max(1, int(min(VAL * len(train), MOST)))
        return {"train": Part(train, np.sort(mixed[count:])), "val": Part(train, np.sort(mixed[:count])), "test": test}

    def _opened(self, name: SplitName) -> TimmSplit:
        from timm.data.dataset_factory import create_dataset

        split = self.named[name]
        try:
            found = create_dataset(self.name, root=str(self.root), split=split, **AS_STORED)
        # Every library behind the factory says in its own way that something is not there.
        except Exception as error:
            message = f"timm:{self.name}: no split `{split}` in {self.root}: {error}"
            raise DataError(f"{message} (download the set there first; `:{name}=…` names the split)") from error
        if not len(found):
            raise DataError(f"timm:{self.name}: the split `{split}` in {self.root} holds no images")
        return TimmSplit(self.name, found)


class TimmSplit(Split):
    """A dataset of timm's or torchvision's."""

    def __init__(self, name: str, dataset: Any) -> None:
        self.name, self.dataset = name, dataset
        mode = self._opened(0)[0].mode
        grey = mode in ("1", "L")
        self.mode = "L" if grey else "RGB"
        mean, std = ((0.5,), (0.5,)) if grey else (IMAGENET_MEAN, IMAGENET_STD)
        super().__init__(_classes(name, dataset), mean, std)

    def __len__(self) -> int:
        return len(self.dataset)

    @property
    def classed(self) -> NDArray[np.int64] | None:
        """The class of every image, which torchvision's sets keep in a list."""
        told = getattr(self.dataset, "targets", None)
        return None if told is None else np.asarray(told, np.int64)

    def sample(self, index: int) -> tuple[Pixels, int]:
        """An image and its class."""
        image, label = self._opened(index)
        pixels = np.asarray(image.convert(self.mode))
        return (pixels if pixels.ndim == 3 else pixels[..., None]), int(label)

    def _opened(self, index: int) -> tuple[Any, int]:
        try:
            return self._read(index)
        # A broken file makes its reader fail in whatever way it likes.
        except Exception as error:
            message = f"timm:{self.name}: {self._named(index)}: this image cannot be read: {error}"
            raise DataError(f"{message} (mend or delete it; that makes other data, so other runs)") from error

    def _read(self, index: int) -> tuple[Any, int]:
        """Past timm's own reading of files, which would take the next image for a broken one."""
        from PIL import Image
        from timm.data.dataset import ImageDataset

        if not isinstance(self.dataset, ImageDataset):
            image, label = self.dataset[index]
            return image, label
        file, label, *_ = self.dataset.reader[index]
        with file, Image.open(file) as image:
            image.load()
        return image, label

    def _named(self, index: int) -> str:
        """The file of an image, where the dataset has files and says so."""
        from timm.data.dataset import ImageDataset

        if isinstance(self.dataset, ImageDataset):
            return str(self.dataset.filename(index))  # type: ignore[no-untyped-call]
        files = getattr(self.dataset, "samples", ())
        return str(files[index][0]) if index < len(files) else f"image {index}"


def _classes(name: str, dataset: Any) -> tuple[str, ...]:
    """The names of the classes, from wherever this kind of dataset keeps them."""
    reader = getattr(dataset, "reader", None)
    for named in (getattr(dataset, "classes", None), getattr(reader, "class_to_idx", None)):
        if named:
            return tuple(map(str, named))
    features = getattr(getattr(reader, "dataset", None), "features", {})
    named = getattr(features.get(getattr(reader, "label_key", "label")), "names", None)
    if not named:
        raise DataError(f"timm:{name}: it does not say which classes it has (unpack it into a folder of images)")
    return tuple(map(str, named))
