"""Pools: (B, N, C) → (B, C)."""

from __future__ import annotations

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
