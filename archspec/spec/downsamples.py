"""Downsamplers: between two stages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.base import Complaint, Part
from archspec.spec.cost import Cost, conv, linear
from archspec.spec.norms import LayerNorm
from archspec.spec.place import Grid, Place
from archspec.spec.reshaping import Reshaper, check_conv, check_patches, conv_side
from archspec.spec.values import EVERY_PART, Bias, BiasPart, Count, NonNegative, Size


class Downsample(Reshaper, family="downsamples"):
    """What leads from one stage into the next."""


class NoDownsample(Downsample):
    """The stage continues the one before."""

    needs_grid: ClassVar[bool] = False
    kind: Literal["none"] = "none"

    def parts(self, at: Place) -> Iterator[Part]:
        """Nothing."""
        return iter(())

    def check(self, at: Place) -> Iterator[Complaint]:
        """Nothing can change the width."""
        if at.dim != at.out:
            message = f"the stage before is {at.dim} wide and this one {at.out}; without a downsampler they must agree"
            yield Complaint("", message, "give the stage `downsample: pointwise`, or another kind")


class Conv(Downsample):
    """A strided convolution."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("conv",)
    kind: Literal["conv"] = "conv"
    kernel: Size = Field(3, description="side of the kernel")
    stride: Count = Field(2, description="tokens between the new tokens")
    padding: NonNegative = Field(1, description="zeros around the map")
    bias: Bias = Field(EVERY_PART, description="whether the convolution has a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """With norms too."""
        yield from super().examples()
        yield cls(kernel=5, stride=1, padding=0, norm_before=LayerNorm(), norm_after=LayerNorm())

    def grid_after(self, grid: Grid) -> Grid:
        """A token a stride."""
        return (
            conv_side(grid[0], self.kernel, self.stride, self.padding),
            conv_side(grid[1], self.kernel, self.stride, self.padding),
        )

    def cost(self, at: Place) -> Cost:
        """One convolution."""
        after = self.grid_after(at.grid)
        return conv(at.dim, at.out, self.kernel, at.grid, after, bias=bool(self.bias))

    def check(self, at: Place) -> Iterator[Complaint]:
        """The kernel must fit."""
        yield from check_conv(at.grid, self.kernel, self.padding)


class Patch(Downsample):
    """Non-overlapping patches of tokens, each projected to one."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("conv",)
    kind: Literal["patch"] = "patch"
    size: Count = Field(2, description="side of a patch in tokens")
    bias: Bias = Field(EVERY_PART, description="whether the projection has a bias")

    def grid_after(self, grid: Grid) -> Grid:
        """A token a patch."""
        return grid[0] // self.size, grid[1] // self.size

    def cost(self, at: Place) -> Cost:
        """One convolution whose stride is its kernel."""
        return conv(at.dim, at.out, self.size, at.grid, self.grid_after(at.grid), bias=bool(self.bias))

    def check(self, at: Place) -> Iterator[Complaint]:
        """Patches must tile the map."""
        yield from check_patches(at.grid, self.size)


class Pointwise(Downsample):
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
