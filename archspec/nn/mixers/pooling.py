"""Mixing by averaging neighbours."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from archspec.nn.tokens import as_map, as_tokens
from archspec.spec.mixers import pooling as specs
from archspec.spec.place import Grid, Place


class Pooling(nn.Module):
    """The mean of a window minus the token itself; windows at the border average what exists."""

    def __init__(self, spec: specs.Pooling, at: Place) -> None:
        super().__init__()
        self.size = spec.size

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        means = F.avg_pool2d(as_map(x, grid), self.size, 1, self.size // 2, count_include_pad=False)
        return as_tokens(means) - x
