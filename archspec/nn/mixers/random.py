"""Mixing by a random matrix that is never trained."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archspec.errors import RuntimeInputError
from archspec.spec.mixers import random as specs
from archspec.spec.place import Grid, Place


class Random(nn.Module):
    """Every token becomes a fixed random mean of all tokens."""

    def __init__(self, spec: specs.Random, at: Place) -> None:
        super().__init__()
        size = spec.size(at)
        self.matrix = nn.Parameter(torch.empty(size, size), requires_grad=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """The softmax of numbers uniform between 0 and 1, row by row."""
        with torch.no_grad():
            self.matrix.copy_(torch.rand_like(self.matrix).softmax(-1))

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        if x.shape[1] != len(self.matrix):
            raise RuntimeInputError(f"the random matrix mixes {len(self.matrix)} tokens and was given {x.shape[1]}")
        return torch.bmm(self.matrix.expand(x.shape[0], -1, -1), x)
