"""What it does: the torch module of `shift`."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.spec.place import Place
from my_lab.mixers import Shift as Spec


class Shift(nn.Module):
    """Moves groups of channels by `step` tokens, one group a direction."""

    def __init__(self, spec: Spec, at: Place) -> None:
        super().__init__()
        self.step = spec.step
        self.group = at.dim // 5

    def forward(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        """(B, N, C) on a grid → the same shape."""
        (rows, columns), step, group = grid, self.step, self.group
        padded_bhwc = F.pad(x.reshape(-1, rows, columns, x.shape[-1]), (0, 0, step, step, step, step))
        up, down, left, right = ((2 * step, step), (0, step), (step, 2 * step), (step, 0))
        moved = [
            padded_bhwc[:, top : top + rows, first : first + columns, index * group :][..., :group]
            for index, (top, first) in enumerate((up, down, left, right))
        ]
        stay = x[..., 4 * group :].reshape(-1, rows, columns, x.shape[-1] - 4 * group)
        return torch.cat([*moved, stay], dim=-1).flatten(1, 2)
