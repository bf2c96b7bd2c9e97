"""HyenaPixel: gates around a convolution as large as the image."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.nn.filters import Free, Written
from archspec.nn.long_convolution import LongConvolution
from archspec.nn.mixers.sep_conv import depthwise
from archspec.nn.tokens import as_map, as_tokens
from archspec.spec.fourier import Sides
from archspec.spec.mixers import hyena_pixel as specs
from archspec.spec.place import Grid, Place


class HyenaPixel(nn.Module):
    """v · filter(q · k)."""

    def __init__(self, spec: specs.HyenaPixel, at: Place) -> None:
        super().__init__()
        linear_bias = "linear" in spec.bias
        self.in_proj = nn.Linear(at.dim, 3 * at.dim, bias=linear_bias)
        self.depthwise = depthwise(3 * at.dim, specs.SHORT, bias="conv" in spec.bias)
        self.norm = nn.ModuleList(spec.norm.build(at) for _ in range(2))
        self.filter = nn.ModuleList(FILTERS[spec.filter](spec, at))
        self.out_proj = nn.Linear(at.dim, at.dim, bias=linear_bias)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        q, k, v = as_tokens(self.depthwise(as_map(self.in_proj(x), grid))).chunk(3, 2)
        y = self.norm[0](q * k)
        for convolution in self.filter:
            y = convolution(y, grid)
        z: Tensor = self.out_proj(self.norm[1](v * y))
        return z


class PixelFilter(Written):
    """A filter whose places are rows and columns, and whose window is round."""

    def __init__(self, spec: specs.HyenaPixel, at: Place) -> None:
        super().__init__(spec, at, (spec.kernel, spec.kernel))

    @property
    def steepness(self) -> float:
        """Rates are given for the whole side, distances in taps."""
        return 1 / float(self.spec.kernel)

    def first_places(self) -> Tensor:
        """Sines and cosines of the column, then of the row: (features, rows, columns)."""
        half = self.spec.features // 2
        rates = torch.exp(torch.arange(0, half, 2) * (-math.log(10000) / half))
        angles = torch.outer(rates, torch.arange(self.spec.kernel))
        waves = torch.stack([angles.sin(), angles.cos()], 1).flatten(0, 1)
        by_column = waves.unsqueeze(1).expand(-1, self.spec.kernel, -1)
        return torch.cat([by_column, by_column.transpose(1, 2)])

    def distances(self, sides: Sides) -> Tensor:
        """From the centre, in taps of its own size."""
        own = self.spec.kernel + 1
        rows, columns = ((torch.arange(side) - side // 2) * (own / (side + 1)) for side in sides)
        return torch.sqrt(rows.unsqueeze(1) ** 2 + columns**2)

    def sides(self, grid: Sides) -> tuple[int, ...]:
        """As the spec says."""
        sides: tuple[int, ...] = self.spec.sides(self.native, tuple(grid))
        return sides

    def listed(self, sides: Sides) -> Tensor:
        """The table, resized bicubically where there are other taps."""
        table: Tensor = self.places
        if tuple(sides) != self.own_sides:
            table = F.interpolate(table.unsqueeze(0), tuple(sides), mode="bicubic", antialias=True)[0]
        return table.flatten(1).t()


def _implicit(spec: specs.HyenaPixel, at: Place) -> list[LongConvolution]:
    return [PixelFilter(spec, at)]


def _explicit(spec: specs.HyenaPixel, at: Place) -> list[LongConvolution]:
    return [Free(at.dim, (spec.kernel, spec.kernel), bias="conv" in spec.bias)]


def _separable(spec: specs.HyenaPixel, at: Place) -> list[LongConvolution]:
    return [Free(at.dim, sides, bias="conv" in spec.bias) for sides in ((spec.kernel, 1), (1, spec.kernel))]


FILTERS = {"implicit": _implicit, "explicit": _explicit, "separable": _separable}
