"""Recurrent cells along columns and rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archspec.nn.mixers.recurrent import Cells, projection
from archspec.spec.mixers import bilstm2d as specs
from archspec.spec.place import Grid, Place

STEPS_FIRST = {"vertical": (1, 0, 2, 3), "horizontal": (2, 0, 1, 3)}
"""(B, H, W, C) with the steps of a pass in front and its lines behind them."""
STEPS_BACK = {"vertical": (1, 0, 2, 3), "horizontal": (1, 2, 0, 3)}


class Bilstm2d(nn.Module):
    """One pass along all columns, one along all rows, merged and projected."""

    def __init__(self, spec: specs.Bilstm2d, at: Place) -> None:
        super().__init__()
        self.adds = spec.merge == "add"
        self.passes = nn.ModuleDict({scan: Cells(spec, at) for scan in spec.scans()})
        self.fc = projection(spec, at)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        x_bhwc = x.view(x.shape[0], *grid, x.shape[2])
        read = [_along(scan, cells, x_bhwc) for scan, cells in self.passes.items()]
        merged = (read[0] + read[1] if self.adds else torch.cat(read, 3)).flatten(1, 2)
        return merged.contiguous() if self.fc is None else self.fc(merged)


def _along(scan: str, cells: nn.Module, x_bhwc: Tensor) -> Tensor:
    """(B, H, W, C) → (B, H, W, C'), a view."""
    x_tblc = x_bhwc.permute(STEPS_FIRST[scan])
    y: Tensor = cells(x_tblc.flatten(1, 2))
    return y.view(*x_tblc.shape[:3], y.shape[2]).permute(STEPS_BACK[scan])
