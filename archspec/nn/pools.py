"""Pools: (B, N, C) → (B, C)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archspec.nn.tokens import class_only, grid_only
from archspec.spec import pools as specs
from archspec.spec.place import Place


class Avg(nn.Module):
    """The mean of the grid's tokens."""

    def __init__(self, spec: specs.Avg, at: Place) -> None:
        super().__init__()
        self.class_tokens = at.class_tokens

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) → (B, C)."""
        return grid_only(x, self.class_tokens).mean(1)


class Cls(nn.Module):
    """The class tokens, joined in order or averaged."""

    def __init__(self, spec: specs.Cls, at: Place) -> None:
        super().__init__()
        self.class_tokens, self.joined = at.class_tokens, spec.merge == "concat"

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) → (B, C), or (B, K·C) where K class tokens are joined."""
        tokens = class_only(x, self.class_tokens)
        return tokens.flatten(1) if self.joined else tokens.mean(1)


class Bilateral(nn.Module):
    """The first and the last of the grid's tokens, joined or averaged."""

    def __init__(self, spec: specs.Bilateral, at: Place) -> None:
        super().__init__()
        self.class_tokens, self.joined = at.class_tokens, spec.merge == "concat"

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) → (B, 2·C) or (B, C)."""
        tokens = grid_only(x, self.class_tokens)
        ends = tokens[:, 0], tokens[:, -1]
        return torch.cat(ends, 1) if self.joined else (ends[0] + ends[1]) / 2


class Center(nn.Module):
    """The mean of the tokens in the middle of the sequence."""

    def __init__(self, spec: specs.Center, at: Place) -> None:
        super().__init__()
        self.class_tokens, self.tokens = at.class_tokens, spec.tokens

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) → (B, C)."""
        x = grid_only(x, self.class_tokens)
        return x.narrow(1, x.shape[1] // 2 - self.tokens // 2, self.tokens).mean(1)
