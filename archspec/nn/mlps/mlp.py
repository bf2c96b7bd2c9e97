"""Two linear layers with an activation between them."""

from __future__ import annotations

from torch import Tensor, nn

from archspec.spec.mlps import mlp as specs
from archspec.spec.place import Grid, Place


class Mlp(nn.Module):
    """Linear, activation, linear on every token."""

    def __init__(self, spec: specs.Mlp, at: Place) -> None:
        super().__init__()
        hidden, bias = spec.hidden(at), bool(spec.bias)
        self.fc1 = nn.Linear(at.dim, hidden, bias=bias)
        self.activation = spec.activation.build(at.wide(hidden))
        self.fc2 = nn.Linear(hidden, at.dim, bias=bias)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        y: Tensor = self.fc2(self.activation(self.fc1(x)))
        return y
