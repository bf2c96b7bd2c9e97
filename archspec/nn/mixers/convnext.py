"""The ConvNeXt block as one mixer."""

from __future__ import annotations

from torch import Tensor, nn

from archspec.nn.mixers.sep_conv import depthwise
from archspec.nn.tokens import as_map, as_tokens
from archspec.spec.mixers import convnext as specs
from archspec.spec.place import Grid, Place


class ConvNext(nn.Module):
    """Depthwise, norm, pointwise, activation, pointwise."""

    def __init__(self, spec: specs.ConvNext, at: Place) -> None:
        super().__init__()
        hidden, linear_bias = spec.hidden(at), "linear" in spec.bias
        self.depthwise = depthwise(at.dim, spec.kernel, bias="conv" in spec.bias)
        self.norm = spec.norm.build(at)
        self.fc1 = nn.Linear(at.dim, hidden, bias=linear_bias)
        self.activation = spec.activation.build(at.wide(hidden))
        self.fc2 = nn.Linear(hidden, at.dim, bias=linear_bias)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        x = self.norm(as_tokens(self.depthwise(as_map(x, grid))))
        y: Tensor = self.fc2(self.activation(self.fc1(x)))
        return y
