"""From an image as it is stored to one of the size that the network takes, by timm's transforms.

The draws of an image follow from the seed, the epoch, its index and, where an epoch shows it more than once, from which
time this is. Images that are drawn at the right size and are at most mirrored go past all of this.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np

from archspec.errors import DataError
from archspec.spec.augmenting import Augment, View
from archspec.training.data.source import Pixels, Split
from archspec.training.randomness import draws, forked

Step: TypeAlias = Callable[[Any], Any]
"""A transform of a PIL image."""


class Draw(NamedTuple):
    """One showing of an image: in which epoch, which image, and which time in that epoch."""

    epoch: int
    image: int
    time: int = 0


class Eye:
    """How the images of a split are looked at in training (`augment` given) or in evaluation (`test` given)."""

    def __init__(self, split: Split, how: Augment | View, size: tuple[int, int], seed: int) -> None:
        drawn = split.drawn(size)
        self.split, self.fits = drawn or split, drawn is not None
        self.how, self.size, self.seed = how, size, seed

    def see(self, draw: Draw) -> tuple[Pixels, int]:
        """An image as the network sees it, before its values are normalised, and its class."""
        pixels, label = self.split.sample(draw.image)
        if isinstance(self.how, Augment):
            return self._augmented(self.how, pixels, draw), label
        return pixels if self.fits else self._transformed(pixels), label

    def _augmented(self, augment: Augment, pixels: Pixels, draw: Draw) -> Pixels:
        if self.steps:
            with forked(self.seed, "augment", *draw):
                return self._transformed(pixels)
        across, down = draws(self.seed, "augment", *draw).random(2)
        pixels = pixels[:, ::-1] if across < augment.flip else pixels
        return pixels[::-1] if down < augment.vertical_flip else pixels

    def _transformed(self, pixels: Pixels) -> Pixels:
        from PIL import Image

        # Grey images go through transforms made for colours as three equal channels, and come out as one.
        image: Any = Image.fromarray(pixels if pixels.shape[2] == 3 else np.repeat(pixels, 3, axis=2))
        for step in self.steps:
            image = step(image)
        return np.asarray(image)[..., : pixels.shape[2]]

    @cached_property
    def steps(self) -> list[Step]:
        """What is done to an image, one after the other; nothing where mirroring is all."""
        if isinstance(self.how, View):
            return viewing(self.how, self.size)
        fills = self.split.mean if self.split.channels == 3 else self.split.mean * 3
        plain = self.fits and self.how.crop == "resize"
        return [] if plain and not colours(self.how) else augmenting(self.how, self.size, fills, resized=plain)


def posterised(image: Any, bits: int, **said: Any) -> Any:
    """Timm's posterisation, which may leave no bit: a black image, which newer versions of Pillow refuse to make."""
    from PIL import Image
    from timm.data.auto_augment import posterize

    return posterize(image, bits, **said) if bits else Image.new(image.mode, image.size)  # type: ignore[no-untyped-call]


def _mended(step: Any) -> Any:
    """A step of timm's in which posterisation works with every version of Pillow."""
    from timm.data.auto_augment import posterize

    for operation in getattr(step, "ops", ()):
        if operation.aug_fn is posterize:
            operation.aug_fn = posterised
    return step


def _pair(limits: tuple[float, ...]) -> tuple[float, float]:
    return limits[0], limits[1]


def colours(augment: Augment) -> bool:
    """Whether more is done to an image than cropping and mirroring it."""
    return augment.randaugment is not None or augment.three_augment or augment.color_jitter is not None


def augmenting(augment: Augment, size: tuple[int, int], fills: tuple[float, ...], *, resized: bool) -> list[Step]:
    """Timm's transforms for training; `resized`: the image has its size already."""
    from timm.data.transforms_factory import transforms_imagenet_train

    first, second, _ = _blamed(
        lambda: transforms_imagenet_train(
            size,
            scale=_pair(augment.scale),
            ratio=_pair(augment.ratio),
            hflip=augment.flip,
            vflip=augment.vertical_flip,
            color_jitter=cast(Any, augment.color_jitter),
            force_color_jitter=True,
            auto_augment="3a" if augment.three_augment else augment.randaugment,
            interpolation=augment.interpolation,
            mean=fills,
            separate=True,
        ),
        augment.randaugment,
    )
    crop, *mirrors = first.transforms
    crops = [] if resized else [crop] if augment.crop == "random_resized" else _cropping(augment, size)
    return [*crops, *mirrors, *map(_mended, second.transforms)]


def _cropping(augment: Augment, size: tuple[int, int]) -> list[Step]:
    """The whole image brought to a size, or DeiT III's simple crop of it."""
    from timm.data.transforms import ResizeKeepRatio
    from torchvision.transforms import InterpolationMode, RandomCrop, Resize

    how = "bilinear" if augment.interpolation == "random" else augment.interpolation
    if augment.crop == "resize":
        return [Resize(size, InterpolationMode(how))]
    covering = ResizeKeepRatio(size, longest=0, interpolation=how)  # type: ignore[no-untyped-call]
    return [covering, RandomCrop(size, padding=4, padding_mode="reflect")]


def _blamed(make: Callable[[], Any], policy: str | None) -> Any:
    """What is made, or whose fault it is that it cannot be."""
    try:
        return make()
    except (AssertionError, KeyError, ValueError, IndexError) as error:
        raise DataError(f"augment.randaugment: timm cannot read `{policy}` (write rand-m9-mstd0.5-inc1)") from error


def viewing(test: View, size: tuple[int, int]) -> list[Step]:
    """Timm's transforms for evaluation."""
    from timm.data.transforms_factory import transforms_imagenet_eval

    mode = "squash" if test.resize == "square" else "center"
    # Without what turns an image into a tensor.
    whole = transforms_imagenet_eval(size, test.crop, mode, interpolation=test.interpolation, use_prefetcher=True)
    return list(whole.transforms[:-1])
