"""Inverted separable convolutions."""

from __future__ import annotations

from torch import Tensor, nn

from archspec.nn.tokens import as_map, as_tokens
from archspec.spec.mixers import sep_conv as specs
from archspec.spec.place import Grid, Place


class SepConv(nn.Module):
    """Pointwise, activation, depthwise, pointwise."""

    def __init__(self, spec: specs.SepConv, at: Place) -> None:
        super().__init__()
        inner, linear_bias = spec.inner(at), "linear" in spec.bias
        self.fc1 = nn.Linear(at.dim, inner, bias=linear_bias)
        self.activation = spec.activation.build(at.wide(inner))
        self.depthwise = depthwise(inner, spec.kernel, bias="conv" in spec.bias)
        self.fc2 = nn.Linear(inner, at.dim, bias=linear_bias)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        x = self.activation(self.fc1(x))
        y: Tensor = self.fc2(as_tokens(self.depthwise(as_map(x, grid))))
        return y


def depthwise(dim: int, kernel: int, *, bias: bool) -> nn.Conv2d:
    """A depthwise convolution that keeps the grid."""
    return nn.Conv2d(dim, dim, kernel, padding=kernel // 2, groups=dim, bias=bias)
