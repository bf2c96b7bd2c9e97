"""Stems: from the image to the first stage's tokens."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.activations import Activation, Gelu
from archspec.spec.base import Complaint, Part
from archspec.spec.cost import Cost, conv
from archspec.spec.norms import LayerNorm, Norm
from archspec.spec.place import Grid, Place
from archspec.spec.reshaping import ByConv, ByPatches, Reshaper, conv_side
from archspec.spec.values import EVERY_PART, Bias, BiasPart, Count, NonNegative, Size


class Stem(Reshaper, family="stems"):
    """The first part of every network."""


class Conv(Stem, ByConv):
    """One convolution, with overlapping patches where the kernel is larger than the stride."""

    kind: Literal["conv"] = "conv"
    kernel: Size = Field(7, description="side of the kernel")
    stride: Count = Field(4, description="pixels between tokens")
    padding: NonNegative = Field(3, description="zeros around the image")


class Patch(Stem, ByPatches):
    """Non-overlapping patches, each projected to a token."""

    kind: Literal["patch"] = "patch"
    size: Count = Field(16, description="side of a patch in pixels")


class ConvStack(Stem):
    """Several convolutions, a norm and an activation after each but the last, whose width is the first stage's.

    The paper that uses one does not print its norms and activations; layer norm and gelu are this language's default.
    """

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("conv",)
    kind: Literal["conv_stack"] = "conv_stack"
    dims: tuple[Count, ...] = Field(description="widths between the convolutions; the last width is the stage's")
    kernels: tuple[Count, ...] = Field(description="the kernels, one more than `dims`; each is padded by its half")
    stride: Count = Field(2, description="stride of every convolution")
    norm: Norm = Field(LayerNorm(), description="after every convolution but the last")
    activation: Activation = Field(Gelu(), description="after every norm")
    bias: Bias = Field(EVERY_PART, description="whether the convolutions have a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Three convolutions."""
        yield cls(dims=(8, 16), kernels=(7, 3, 3))
        yield cls(dims=(8,), kernels=(3, 5), bias=())

    def grids(self, grid: Grid) -> list[Grid]:
        """The grid before every convolution and behind the last."""
        grids = [grid]
        for kernel in self.kernels:
            rows, columns = grids[-1]
            padding = kernel // 2
            grids.append(
                (conv_side(rows, kernel, self.stride, padding), conv_side(columns, kernel, self.stride, padding))
            )
        return grids

    def grid_after(self, grid: Grid) -> Grid:
        """The grid behind the last convolution."""
        return self.grids(grid)[-1]

    def widths(self, at: Place) -> list[int]:
        """The width before every convolution and behind the last."""
        return [at.dim, *self.dims, at.out]

    def parts(self, at: Place) -> Iterator[Part]:
        """The norms and activations between."""
        yield from super().parts(at)
        grids, natives = self.grids(at.grid), self.grids(at.native)
        for width, grid, native in zip(self.dims, grids[1:], natives[1:], strict=False):
            place = Place(width, grid, native)
            yield Part("norm", self.norm, place)
            yield Part("activation", self.activation, place)

    def cost(self, at: Place) -> Cost:
        """The convolutions."""
        total = Cost()
        steps = zip(self.kernels, pairwise(self.widths(at)), pairwise(self.grids(at.grid)), strict=True)
        for kernel, (inputs, outputs), (before, after) in steps:
            total += conv(inputs, outputs, kernel, before, after, bias=bool(self.bias))
        return total

    def check(self, at: Place) -> Iterator[Complaint]:
        """One width between each two convolutions, and a map left at the end."""
        if len(self.kernels) != len(self.dims) + 1:
            between = len(self.kernels) - 1
            widths = "one width" if between == 1 else f"{between} widths"
            message = f"{len(self.kernels)} kernels take {widths} between them, not {len(self.dims)}"
            yield Complaint("dims", message, "the last convolution's width is the first stage's `dim`")
