"""The mlp of PVTv2."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from archspec.nn.mixers.sep_conv import depthwise
from archspec.nn.tokens import as_map, as_tokens
from archspec.spec.mlps import conv_ffn as specs
from archspec.spec.place import Grid, Place


class ConvFfn(nn.Module):
    """Linear, depthwise convolution, activation, linear."""

    def __init__(self, spec: specs.ConvFfn, at: Place) -> None:
        super().__init__()
        hidden, bias = spec.hidden(at), "linear" in spec.bias
        self.relu = spec.relu
        self.fc1 = nn.Linear(at.dim, hidden, bias=bias)
        self.depthwise = depthwise(hidden, spec.kernel, bias="conv" in spec.bias)
        self.activation = spec.activation.build(at.wide(hidden))
        self.fc2 = nn.Linear(hidden, at.dim, bias=bias)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        x = F.relu(self.fc1(x)) if self.relu else self.fc1(x)
        y: Tensor = self.fc2(self.activation(as_tokens(self.depthwise(as_map(x, grid)))))
        return y
