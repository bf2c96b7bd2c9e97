"""Gated linear units."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from archspec.spec.mlps import glu as specs
from archspec.spec.place import Grid, Place


class Gated(nn.Module):
    """A gate, made from its half of what the first layer gives, times the other half; then the second layer."""

    def __init__(self, spec: Any, at: Place) -> None:
        super().__init__()
        hidden, bias = spec.hidden(at), "linear" in spec.bias
        self.fc1 = nn.Linear(at.dim, 2 * hidden, bias=bias)
        self.activation = spec.activation.build(at.wide(hidden))
        self.fc2 = nn.Linear(hidden, at.dim, bias=bias)

    def gate(self, x: Tensor, grid: Grid) -> Tensor:
        """What the gate's half goes through before its activation."""
        return x

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        gate, values = self.fc1(x).chunk(2, -1)
        y: Tensor = self.fc2(self.activation(self.gate(gate, grid)) * values)
        return y


class Glu(Gated):
    """Every token gates itself."""

    def __init__(self, spec: specs.Glu, at: Place) -> None:
        super().__init__(spec, at)
