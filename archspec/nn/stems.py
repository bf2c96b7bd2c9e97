"""Stems: from the image to the first stage's tokens."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from archspec.nn.reshaping import ByConv, ByPatches, FromImage, convolved
from archspec.spec import stems as specs
from archspec.spec.place import Grid, Place


class Conv(FromImage, ByConv):
    """One convolution."""


class Patch(FromImage, ByPatches):
    """Patches of the image, each projected to a token."""


class ConvStack(FromImage):
    """Several convolutions, a norm and an activation after each but the last."""

    def __init__(self, spec: specs.ConvStack, at: Place) -> None:
        super().__init__(spec, at)
        between = [part for part in spec.parts(at) if part.name in ("norm", "activation")]
        self.convs = nn.ModuleList(
            nn.Conv2d(inputs, outputs, kernel, spec.stride, kernel // 2, bias=bool(spec.bias))
            for kernel, (inputs, outputs) in zip(spec.kernels, pairwise(spec.widths(at)), strict=True)
        )
        self.norm = nn.ModuleList(part.spec.build(part.at) for part in between if part.name == "norm")
        self.activation = nn.ModuleList(part.spec.build(part.at) for part in between if part.name == "activation")

    def reshaped(self, x: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """(B, N, C) → (B, N', C')."""
        for index, conv in enumerate(self.convs):
            x, grid = convolved(conv, x, grid)
            if index < len(self.norm):
                x = self.activation[index](self.norm[index](x))
        return x, grid
