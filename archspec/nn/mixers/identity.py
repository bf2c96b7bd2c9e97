"""No mixing at all."""

from __future__ import annotations

from torch import Tensor, nn

from archspec.spec.mixers import identity as specs
from archspec.spec.place import Grid, Place


class Identity(nn.Module):
    """The identity."""

    def __init__(self, spec: specs.Identity, at: Place) -> None:
        super().__init__()

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        return x
