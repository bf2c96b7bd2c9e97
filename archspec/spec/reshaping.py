"""What stems and downsamplers share: they change the grid or the width, with a norm before and after."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar, Self

from pydantic import Field

from archspec.spec.base import Complaint, Part, Spec
from archspec.spec.cost import Cost, conv
from archspec.spec.norms import LayerNorm, NoNorm, Norm
from archspec.spec.place import Grid, Place
from archspec.spec.values import EVERY_PART, Bias, BiasPart, Count, NonNegative, Size, dividing


class Reshaper(Spec):
    """A part between maps of different grid or width."""

    needs_grid: ClassVar[bool] = True
    norm_before: Norm = Field(NoNorm(), description="norm of what comes in")
    norm_after: Norm = Field(NoNorm(), description="norm of what goes out")

    def grid_after(self, grid: Grid) -> Grid:
        """The grid it makes of a grid."""
        return grid

    def parts(self, at: Place) -> Iterator[Part]:
        """The norms on both sides."""
        yield Part("norm_before", self.norm_before, at)
        yield Part("norm_after", self.norm_after, at.behind(self))


class ByConv(Reshaper):
    """By a strided convolution."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("conv",)
    kernel: Size = Field(description="side of the kernel")
    stride: Count = Field(description="steps of the map between new tokens")
    padding: NonNegative = Field(description="zeros around the map")
    bias: Bias = Field(EVERY_PART, description="whether the convolution has a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """With norms, and overlapping differently."""
        yield from super().examples()
        yield cls(kernel=3, stride=2, padding=1, norm_before=LayerNorm(), norm_after=LayerNorm())
        yield cls(kernel=5, stride=1, padding=0, bias=())

    def grid_after(self, grid: Grid) -> Grid:
        """A token a stride."""
        rows, columns = (conv_side(side, self.kernel, self.stride, self.padding) for side in grid)
        return rows, columns

    def cost(self, at: Place) -> Cost:
        """One convolution."""
        return conv(at.dim, at.out, self.kernel, at.grid, self.grid_after(at.grid), bias=bool(self.bias))

    def check(self, at: Place) -> Iterator[Complaint]:
        """The kernel must fit into the padded map."""
        if self.kernel > min(at.grid) + 2 * self.padding:
            rows, columns = at.grid
            message = f"a kernel of {self.kernel} does not fit into a {rows}×{columns} map padded by {self.padding}"
            yield Complaint("kernel", message, "a smaller kernel, more padding, or a larger `input.size`")


class ByPatches(Reshaper):
    """By patches that tile the map, each projected to a token."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("conv",)
    size: Count = Field(description="side of a patch")
    bias: Bias = Field(EVERY_PART, description="whether the projection has a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Other patches too."""
        yield from super().examples()
        yield cls(size=2, norm_after=LayerNorm())

    def grid_after(self, grid: Grid) -> Grid:
        """A token a patch."""
        return grid[0] // self.size, grid[1] // self.size

    def cost(self, at: Place) -> Cost:
        """One convolution whose stride is its kernel."""
        return conv(at.dim, at.out, self.size, at.grid, self.grid_after(at.grid), bias=bool(self.bias))

    def check(self, at: Place) -> Iterator[Complaint]:
        """Patches must tile the map."""
        if any(side % self.size for side in at.grid):
            rows, columns = at.grid
            hint = f"sizes that do: {dividing(math.gcd(rows, columns), self.size)}"
            yield Complaint("size", f"patches of {self.size} do not tile a {rows}×{columns} map", hint)


def conv_side(side: int, kernel: int, stride: int, padding: int) -> int:
    """How many steps a kernel takes along a side."""
    return (side + 2 * padding - kernel) // stride + 1
