"""Convolutional GLU."""

from __future__ import annotations

from torch import Tensor

from archspec.nn.mixers.sep_conv import depthwise
from archspec.nn.mlps.glu import Gated
from archspec.nn.tokens import as_map, as_tokens
from archspec.spec.mlps import conv_glu as specs
from archspec.spec.place import Grid, Place


class ConvGlu(Gated):
    """Every token is gated by its neighbours."""

    def __init__(self, spec: specs.ConvGlu, at: Place) -> None:
        super().__init__(spec, at)
        self.depthwise = depthwise(spec.hidden(at), spec.kernel, bias="conv" in spec.bias)

    def gate(self, x: Tensor, grid: Grid) -> Tensor:
        """A depthwise convolution."""
        return as_tokens(self.depthwise(as_map(x, grid)))
