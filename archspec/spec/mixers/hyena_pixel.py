"""HyenaPixel: gates around a convolution as large as the image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.base import Complaint, Part
from archspec.spec.cost import Cost, depthwise, kept, linear
from archspec.spec.fourier import numbers_kept
from archspec.spec.mixers.long_filter import LongFilter
from archspec.spec.mixers.pooling import odd
from archspec.spec.norms import LayerNorm
from archspec.spec.place import Grid, Place, Scope
from archspec.spec.values import GridSize, Size

SHORT = 5
"""Side of the convolution behind the first projection."""
TWICE_THE_GRID: Any = GridSize(grid=2)
"""A filter in which every token meets every other."""


class HyenaPixel(LongFilter):
    """v · filter(q · k), where q, k and v are projected by a linear layer and a 5×5 convolution."""

    needs_grid: ClassVar[bool] = True
    published_window: ClassVar[str] = "learned"
    hidden: ClassVar[int] = 1
    kind: Literal["hyena_pixel"] = "hyena_pixel"
    filter: Literal["implicit", "explicit", "separable"] = Field(
        "implicit", description="weights written by a small network, free weights, or free weights by column and by row"
    )
    kernel: Size = Field(TWICE_THE_GRID, description="side of the filter; odd, or relative to the grid: `{grid: 2}`")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Every filter and window, small kernels, norms."""
        yield from super().examples()
        norm = LayerNorm(bias=(), eps=1e-5)
        yield cls(kernel=5, bands=2, norm=norm, window=None)
        yield cls(kernel=GridSize(grid=3), bands=4, window="fixed", other_sizes="interpolate")
        yield cls(filter="explicit", kernel=GridSize(grid=1), bias=("linear",))
        yield cls(filter="separable", norm=norm)

    def resolve(self, scope: Scope) -> Any:
        """Without a network what is said of one means nothing."""
        spec = super().resolve(scope)
        about = "bands", "window", "other_sizes"
        unsaid = {name: type(self).model_fields[name].default for name in about}
        return spec if self.filter == "implicit" else spec._changed(unsaid)

    @property
    def features(self) -> int:
        """Sine and cosine of every band."""
        return 2 * self.bands

    def sides(self, native: Grid, grid: Grid) -> Grid:
        """The sides of the filter on a grid: interpolated, they grow with the grid's."""
        if self.other_sizes == "pad" or grid == native:
            return self.kernel, self.kernel
        grown = [(self.kernel + 1) * now // own - 1 for now, own in zip(grid, native, strict=True)]
        rows, columns = (max(1, side if side % 2 else side - 1) for side in grown)
        return rows, columns

    def parts(self, at: Place) -> Iterator[Part]:
        """Both norms."""
        yield Part("norm", self.norm, at)
        yield Part("norm", self.norm, at)

    def cost(self, at: Place) -> Cost:
        """The projections, what they give, and the long convolution with its input and output."""
        inner, linear_bias = 3 * at.dim, "linear" in self.bias
        return (
            linear(at.dim, inner, at.tokens, bias=linear_bias)
            + depthwise(inner, SHORT, at.grid, bias="conv" in self.bias)
            + kept((3 + 1) * at.dim * at.tokens)
            + self.long_convolution(at)
            + linear(at.dim, at.dim, at.tokens, bias=linear_bias)
        )

    def long_convolution(self, at: Place) -> Cost:
        """The filter's parameters, what its convolution computes and keeps; free weights count as one of torch's."""
        filters = self.filters(at)
        held = kept(at.dim * sum(numbers_kept(at.grid, sides) for sides in filters))
        if self.filter == "implicit":
            ((rows, columns),) = filters
            sizes = max(2 * at.grid[0], rows), max(2 * at.grid[1], columns)
            return held + self.written(at, self.features, self.kernel**2, rows * columns, sizes)
        weights = [at.dim * rows * columns for rows, columns in filters]
        biases = at.dim * len(filters) * ("conv" in self.bias)
        return held + Cost(sum(weights) + biases, 0, sum(weights) * at.pixels)

    def filters(self, at: Place) -> list[Grid]:
        """The sides of every filter, one after another."""
        if self.filter == "separable":
            return [(self.kernel, 1), (1, self.kernel)]
        return [self.sides(at.native, at.grid) if self.filter == "implicit" else (self.kernel, self.kernel)]

    def check(self, at: Place) -> Iterator[Complaint]:
        """Filters have a centre, and half of the bands tell rows apart, the others columns."""
        yield from odd("kernel", self.kernel)
        if self.bands % 2:
            hint = f"write {self.bands - 1 or 2} or {self.bands + 1}"
            yield Complaint("bands", f"{self.bands} bands cannot be shared by rows and columns", hint)
