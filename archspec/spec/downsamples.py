"""Downsamplers: between two stages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.base import Complaint, Spec
from archspec.spec.cost import Cost, linear
from archspec.spec.norms import LayerNorm
from archspec.spec.place import Grid, Place
from archspec.spec.reshaping import ByConv, ByPatches, Reshaper
from archspec.spec.values import EVERY_PART, Bias, BiasPart, Count, NonNegative, Size


class Downsample(Spec, family="downsamples"):
    """What leads from one stage into the next."""


class NoDownsample(Downsample):
    """The stage continues the one before."""

    kind: Literal["none"] = "none"

    def grid_after(self, grid: Grid) -> Grid:
        """The same."""
        return grid

    def check(self, at: Place) -> Iterator[Complaint]:
        """Nothing can change the width."""
        if at.dim != at.out:
            message = f"the stage before is {at.dim} wide and this one {at.out}; without a downsampler they must agree"
            yield Complaint("", message, "give the stage `downsample: pointwise`, or another kind")


class Conv(ByConv, Downsample):
    """A strided convolution."""

    kind: Literal["conv"] = "conv"
    kernel: Size = Field(3, description="side of the kernel")
    stride: Count = Field(2, description="tokens between the new tokens")
    padding: NonNegative = Field(1, description="zeros around the map")


class Patch(ByPatches, Downsample):
    """Non-overlapping patches of tokens, each projected to one."""

    kind: Literal["patch"] = "patch"
    size: Count = Field(2, description="side of a patch in tokens")


class Pointwise(Reshaper, Downsample):
    """A linear layer on every token: another width on the same grid, class tokens included."""

    needs_grid: ClassVar[bool] = False
    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("linear",)
    kind: Literal["pointwise"] = "pointwise"
    bias: Bias = Field(EVERY_PART, description="whether the layer has a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """With norms too."""
        yield from super().examples()
        yield cls(norm_before=LayerNorm(), norm_after=LayerNorm())

    def cost(self, at: Place) -> Cost:
        """One linear layer."""
        return linear(at.dim, at.out, at.tokens, bias=bool(self.bias))
