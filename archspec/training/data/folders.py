"""A folder of images: one folder a class, in `train`, `val` and `test` folders where there are any."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archspec.errors import DataError
from archspec.training.data.source import IMAGENET_MEAN, IMAGENET_STD, Part, Pixels, Source, Split, SplitName, parted

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".ppm", ".pgm", ".gif", ".tif", ".tiff"}
NAMES: dict[SplitName, tuple[str, ...]] = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
"""What the folders of splits may be called."""
VAL, TEST, MOST = 0.1, 0.2, 10_000
"""Shares that are cut off where there are no folders for them, and the most images that val takes."""
MEASURED = 2_000
"""Files whose sizes count in a folder's identity; of all the others the names do."""
LAYOUT = (
    "an image folder holds one folder a class: FOLDER/cat/1.jpg, or FOLDER/train/cat/1.jpg and FOLDER/val/cat/2.jpg"
)


class Listing(NamedTuple):
    """The images below a folder: its classes, and for each file its path within the folder and its class."""

    root: Path
    classes: tuple[str, ...]
    files: tuple[str, ...]
    labels: NDArray[np.int64]


class Folder(Source):
    """A folder of images."""

    def __init__(self, root: Path) -> None:
        self.root = root
        if not root.is_dir():
            raise DataError(f"{root}: there is no such folder ({LAYOUT})")
        self.listings = _listings(root)
        if len(classes := self.listings["train"].classes) == 1:
            message = f"all images are of one class, `{classes[0]}`, so there is nothing to tell apart"
            raise DataError(f"{root}: {message} ({LAYOUT})")

    @property
    def identity(self) -> str:
        """The names of all files and the sizes of some; where the folder lies is no part of it."""
        said = hashlib.sha256()
        for name, listing in self.listings.items():
            said.update("\0".join([name, *listing.classes, *listing.files]).encode("utf-8", "surrogateescape"))
            for file in listing.files[:: len(listing.files) // MEASURED + 1]:
                said.update(f"{(listing.root / file).stat().st_size},".encode())
        images = sum(len(listing.files) for listing in self.listings.values())
        return f"folder images={images} sha256={said.hexdigest()[:20]}"

    def make(self) -> dict[SplitName, Split]:
        """The folders' splits; what is missing is cut off, always in the same way."""
        given: dict[SplitName, Split] = {name: Images(listing) for name, listing in self.listings.items()}
        # Whatever is held apart already is what tables report: the test.
        tested = given.get("test") or given.get("val")
        learned, labels = given["train"], self.listings["train"].labels
        if tested is None:
            stays, goes = parted(labels, TEST, "folder test")
            learned, tested, labels = Part(learned, stays), Part(learned, goes), labels[stays]
        if "val" in given and "test" in given:
            held: Split = given["val"]
        else:
            stays, goes = parted(labels, min(VAL, MOST / len(labels)), "folder val")
            learned, held = Part(learned, stays), Part(learned, goes)
        splits: dict[SplitName, Split] = {"train": learned, "val": held, "test": tested}
        for name, split in splits.items():
            if not len(split):
                raise DataError(f"{self.root}: too few images: none is left for {name} (every class needs ten or so)")
        return splits


class Images(Split):
    """Image files."""

    def __init__(self, listing: Listing) -> None:
        super().__init__(listing.classes, IMAGENET_MEAN, IMAGENET_STD)
        self.root, self.files, self.labels = listing.root, listing.files, listing.labels

    def __len__(self) -> int:
        return len(self.files)

    @property
    def classed(self) -> NDArray[np.int64]:
        """The class of every image."""
        return self.labels

    def sample(self, index: int) -> tuple[Pixels, int]:
        """An image and its class."""
        return decoded(self.root / self.files[index]), int(self.labels[index])


def decoded(path: Path) -> Pixels:
    """An image file's pixels."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    # A broken file makes its reader fail in whatever way it likes.
    except Exception as error:
        message = f"{path}: this image cannot be read: {error}"
        raise DataError(f"{message} (mend or delete it; that makes other data, so other runs)") from error


def _listings(root: Path) -> dict[SplitName, Listing]:
    """What lies in the folders of splits; without any, everything is `train`."""
    found = {name: [root / word for word in words if (root / word).is_dir()] for name, words in NAMES.items()}
    if not any(found.values()):
        return {"train": listed(root)}
    if not found["train"]:
        raise DataError(f"{root}: there is no `train` folder beside the others ({LAYOUT})")
    train = listed(found["train"][0])
    held: dict[SplitName, Listing] = {
        name: _within(train, listed(folders[0])) for name, folders in found.items() if folders and name != "train"
    }
    return {"train": train, **held}


def listed(root: Path) -> Listing:
    """The images below a folder."""
    classes = tuple(sorted(entry.name for entry in os.scandir(root) if entry.is_dir() and entry.name[0] != "."))
    if not classes:
        loose = sum(1 for _ in _images(root))
        problem = f"{loose} images, but no folder for any class" if loose else "no images"
        raise DataError(f"{root}: {problem} ({LAYOUT})")
    files = [sorted(_images(root / name)) for name in classes]
    if not any(files):
        raise DataError(f"{root}: no images in {len(classes)} folders (known: {', '.join(sorted(SUFFIXES))})")
    if empty := [name for name, found in zip(classes, files, strict=True) if not found]:
        raise DataError(f"{root}: no images in {_few(empty)} (delete empty folders, or fill them)")
    labels = np.repeat(np.arange(len(classes)), [len(found) for found in files])
    return Listing(root, classes, tuple(os.path.relpath(path, root) for found in files for path in found), labels)


def _images(folder: Path) -> Iterable[str]:
    for where, _, names in os.walk(folder, followlinks=True):
        for name in names:
            if name[0] != "." and os.path.splitext(name)[1].lower() in SUFFIXES:  # noqa: PTH122 (a million times)
                yield os.path.join(where, name)  # noqa: PTH118


def _within(train: Listing, held: Listing) -> Listing:
    """The same listing with the numbers that its classes have in training."""
    if more := sorted(set(held.classes) - set(train.classes)):
        raise DataError(
            f"{held.root}: {_few(more)}: not among the classes of {train.root} (both need the same folders)"
        )
    if less := sorted(set(train.classes) - set(held.classes)):
        raise DataError(f"{held.root}: {_few(less)}: missing, but among the classes of {train.root}")
    return held


def _few(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")
