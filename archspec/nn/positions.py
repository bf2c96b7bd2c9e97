"""Position tables, added to tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.nn.tokens import apart, as_map, as_tokens, grid_only, together, with_zeros
from archspec.spec import positions as specs
from archspec.spec.place import Grid, Place


class NoPositions(nn.Module):
    """Adds nothing."""

    def __init__(self, spec: specs.NoPositions, at: Place) -> None:
        super().__init__()

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        return x


class Learned(nn.Module):
    """A learned table in the order of the sequence, with entries for class tokens where it covers them."""

    def __init__(self, spec: specs.Learned, at: Place) -> None:
        super().__init__()
        self.native, self.class_tokens = at.native, at.class_tokens
        self.covered = at.class_tokens if spec.covers == "all" else ()
        self.table = nn.Parameter(torch.empty(at.native[0] * at.native[1] + len(self.covered), at.dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Small random numbers."""
        nn.init.trunc_normal_(self.table, std=0.02)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        table = self.table.unsqueeze(0)
        if grid != self.native:
            resized = self.resized(grid_only(table, self.covered), grid)
            table = together(apart(table, self.covered) | apart(resized, ()))
        return x + (table if self.covered else with_zeros(table, self.class_tokens))

    def resized(self, table: Tensor, grid: Grid) -> Tensor:
        """The grid's entries at another resolution, by bicubic interpolation without aliasing."""
        resized = F.interpolate(as_map(table, self.native), grid, mode="bicubic", antialias=True)
        return as_tokens(resized)


class SinCos(nn.Module):
    """Sines and cosines of the row, then of the column, at wavelengths from 2π to 10000·2π; none for class tokens."""

    def __init__(self, spec: specs.SinCos, at: Place) -> None:
        super().__init__()
        self.quarter, self.class_tokens = at.dim // 4, at.class_tokens

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        rows, columns = (self.waves(side, x.device) for side in grid)
        by_row = rows.unsqueeze(1).expand(-1, grid[1], -1)
        by_column = columns.unsqueeze(0).expand(grid[0], -1, -1)
        table = torch.cat([by_row, by_column], -1).flatten(0, 1).unsqueeze(0)
        return x + with_zeros(table.to(x.dtype), self.class_tokens)

    def waves(self, side: int, device: torch.device) -> Tensor:
        """Sines and cosines of the numbers up to a side: (side, C / 2)."""
        frequencies = 10000 ** (-torch.arange(self.quarter, device=device) / self.quarter)
        angles = torch.outer(torch.arange(side, device=device), frequencies)
        return torch.cat([angles.sin(), angles.cos()], -1)
