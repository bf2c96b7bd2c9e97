"""Downsamplers: between two stages."""

from __future__ import annotations

from torch import Tensor, nn

from archspec.nn.reshaping import ByConv, ByPatches, Reshaper
from archspec.spec import downsamples as specs
from archspec.spec.place import Grid, Place


class NoDownsample(nn.Module):
    """The stage continues the one before."""

    def __init__(self, spec: specs.NoDownsample, at: Place) -> None:
        super().__init__()

    def forward(self, x: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """(B, N, C) → (B, N, C)."""
        return x, grid


class Conv(ByConv):
    """A strided convolution."""


class Patch(ByPatches):
    """Patches of tokens, each projected to one."""


class Pointwise(Reshaper):
    """A linear layer on every token."""

    def __init__(self, spec: specs.Pointwise, at: Place) -> None:
        super().__init__(spec, at)
        self.fc = nn.Linear(at.dim, at.out, bias=bool(spec.bias))

    def reshaped(self, x: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """(B, N, C) → (B, N, C')."""
        return self.fc(x), grid
