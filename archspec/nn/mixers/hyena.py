"""Hyena: gates around convolutions as long as the sequence, causal or bidirectional."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.nn.convolutions import AlongLine
from archspec.nn.filters import Written
from archspec.nn.mixers.sequence import SequenceMixer
from archspec.spec.fourier import Sides
from archspec.spec.mixers import hyena as specs
from archspec.spec.place import Grid, Place


class Hyena(SequenceMixer):
    """Projections that are multiplied and convolved in the order of each scan, a norm and a projection."""

    def __init__(self, spec: specs.Hyena, at: Place) -> None:
        super().__init__(spec, at)
        bias = "linear" in spec.bias
        self.in_proj = nn.Linear(at.dim, (spec.order + 1) * at.dim, bias=bias)
        self.norm = spec.norm.build(at)
        self.out_proj = nn.Linear(at.dim, at.dim, bias=bias)

    def core(self, spec: specs.Hyena, at: Place) -> nn.Module:
        """The products and convolutions."""
        return Products(spec, at)

    def before(self, x: Tensor) -> Tensor:
        """The first projections."""
        y: Tensor = self.in_proj(x)
        return y

    def after(self, y: Tensor) -> Tensor:
        """The norm and the last projection."""
        z: Tensor = self.out_proj(self.norm(y))
        return z


class Products(nn.Module):
    """The last projection is multiplied with the one before it and convolved, again and again, and gated at the end."""

    def __init__(self, spec: specs.Hyena, at: Place) -> None:
        super().__init__()
        self.projections, long = spec.order + 1, spec.order - 1
        before = specs.SHORT - 1 if spec.is_causal else specs.SHORT // 2
        self.short = AlongLine(self.projections * at.dim, specs.SHORT, before, "conv" in spec.bias)
        self.norms = nn.ModuleList(spec.norm.build(at) for _ in range(long))
        self.filters = nn.ModuleList(TokenFilter(spec, at) for _ in range(long))

    def forward(self, x: Tensor, grid: Grid, class_tokens: tuple[str, ...]) -> Tensor:
        """Projections (B, N, C · (order + 1)) → (B, N, C)."""
        first, *gates, y = self.short(x, grid, class_tokens).chunk(self.projections, 2)
        for gate, norm, convolution in zip(reversed(gates), self.norms, self.filters, strict=True):
            y = convolution(norm(y * gate), (x.shape[1],))
        gated: Tensor = first * y
        return gated


class TokenFilter(Written):
    """A filter whose places are those of the sequence, and whose window fades with the distance along it."""

    def __init__(self, spec: specs.Hyena, at: Place) -> None:
        super().__init__(spec, at, (spec.taps(spec.length(at)),))
        self.causal = spec.is_causal

    def first_places(self) -> Tensor:
        """How far a tap is from the ends, and waves around the whole filter: (T, features)."""
        taps, bands = self.own_sides[0], self.spec.bands
        frequencies = torch.linspace(1e-4, bands - 1, bands)
        angles = torch.outer(torch.arange(taps) * (2 * math.pi / taps), frequencies)
        return torch.cat([self.progress(taps).unsqueeze(1), angles.cos(), -angles.sin()], 1)

    def progress(self, taps: int) -> Tensor:
        """From 0 to 1, and back where a filter has two sides."""
        there = torch.linspace(0, 1, taps if self.spec.is_causal else taps // 2 + 1)
        return there if self.spec.is_causal else torch.cat([there, there[:-1].flip(0)])

    def distances(self, sides: Sides) -> Tensor:
        """From the centre; of a causal filter, from the end that its window lets through."""
        is_near = self.spec.causal_window == "near"
        return self.progress(sides[0]) if is_near else 1 - self.progress(sides[0])

    def sides(self, grid: Sides) -> tuple[int, ...]:
        """Its own, or as many as reach all tokens of the grid."""
        return (self.spec.taps(grid[0]),) if self.spec.other_sizes == "interpolate" else self.own_sides

    def listed(self, sides: Sides) -> Tensor:
        """The table, resized where there are other taps."""
        if tuple(sides) == self.own_sides:
            return self.places
        along = self.places.t()[None, :, None]
        return F.interpolate(along, (1, sides[0]), mode="bicubic", antialias=True)[0, :, 0].t()
