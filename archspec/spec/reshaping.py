"""What stems and downsamplers share: they change the grid or the width, with a norm before and after."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from archspec.spec.base import Complaint, Part, Spec
from archspec.spec.norms import NoNorm, Norm
from archspec.spec.place import Grid, Place
from archspec.spec.values import dividing


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


def conv_side(side: int, kernel: int, stride: int, padding: int) -> int:
    """How many steps a kernel takes along a side."""
    return (side + 2 * padding - kernel) // stride + 1


def check_conv(at: Grid, kernel: int, padding: int, field: str = "kernel") -> Iterator[Complaint]:
    """The kernel must fit into the padded map."""
    side = min(at)
    if kernel > side + 2 * padding:
        message = f"a kernel of {kernel} does not fit into a {at[0]}×{at[1]} map padded by {padding}"
        yield Complaint(field, message, "a smaller kernel, more padding, or a larger `input.size`")


def check_patches(at: Grid, size: int, field: str = "size") -> Iterator[Complaint]:
    """Patches must tile the map."""
    for side in at:
        if side % size:
            hint = f"sizes that do: {dividing(math.gcd(*at), size)}"
            yield Complaint(field, f"patches of {size} do not tile a {at[0]}×{at[1]} map", hint)
            return
