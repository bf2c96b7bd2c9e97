"""What is done to images: in training, and to look at them in validation and test."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from archspec.spec.base import Spec
from archspec.spec.values import Amount, Chance, Count, Flag, OrNone, Positive, Share, exactly

Interpolation = Literal["bilinear", "bicubic", "nearest", "lanczos"]


Span = Annotated[tuple[Positive, ...], exactly(2, "the limits")]
"""The least and the largest."""
Jitter = Annotated[tuple[Amount, ...], exactly(4, "brightness, contrast, saturation and hue")]
"""How far colours may be changed."""


class Augment(Spec):
    """What is done to the images of training."""

    crop: Literal["random_resized", "simple", "resize"] = Field(
        "random_resized",
        description="a random part of the image brought to the size; `simple`, DeiT III's: the shorter side brought to "
        "the size and a random square of it, four pixels beyond its edge at most; or the whole image",
    )
    scale: Span = Field((0.08, 1.0), description="least and largest share of the image in a random crop")
    ratio: Span = Field((3 / 4, 4 / 3), description="least and largest width / height of a random crop")
    interpolation: Literal[Interpolation, "random"] = Field(
        "bicubic", description="how images are resized; `random`: bilinear or bicubic"
    )
    flip: Chance = Field(0.5, description="probability of a mirror image, left for right")
    vertical_flip: Chance = Field(0.0, description="probability of a mirror image, top for bottom")
    randaugment: OrNone[str] = Field(None, description="policy in timm's words: rand-m9-mstd0.5-inc1; or `none`")
    three_augment: Flag = Field(
        False,
        description="DeiT III's: one of greyscale, solarisation and Gaussian blur (σ from 0.1 to 2) for each image",
    )
    color_jitter: OrNone[Jitter] = Field(None, description="[brightness, contrast, saturation, hue], or `none`")
    erasing: Share = Field(0.0, description="probability of erasing a rectangle")
    mixup: Amount = Field(0.0, description="α of the Beta distribution that mixes two images; 0 for never")
    cutmix: Amount = Field(0.0, description="α of the Beta distribution that cuts one image into another; 0 for never")
    mix: Chance = Field(1.0, description="probability of mixing at all")
    switch: Chance = Field(0.5, description="probability of `cutmix` rather than `mixup`, where both are on")
    mix_each: Literal["batch", "pair", "image"] = Field(
        "batch", description="what is mixed in its own way: a batch, each pair of images, or each image"
    )
    repeated: Count = Field(1, description="how often an image comes in a row, augmented anew each time; 1: once")


class View(Spec):
    """How images are looked at in validation and test."""

    crop: Positive = Field(1.0, le=1, description="share of the image's side in its central crop")
    resize: Literal["shorter", "square"] = Field(
        "shorter", description="whether the shorter side is brought to the size and the rest cut, or both sides are"
    )
    interpolation: Interpolation = Field("bicubic", description="how images are resized")
