"""Convolutional GLU: TransNeXt's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.activations import Relu
from archspec.spec.base import Complaint
from archspec.spec.cost import Cost, depthwise
from archspec.spec.mixers.pooling import odd
from archspec.spec.mlps.glu import Gated
from archspec.spec.place import Place
from archspec.spec.values import INHERIT, Bias, BiasPart, Size


class ConvGlu(Gated):
    """act(conv(gate))·values, then a linear layer: every token is gated by its neighbours."""

    needs_grid: ClassVar[bool] = True
    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("linear", "conv")
    kind: Literal["conv_glu"] = "conv_glu"
    kernel: Size = Field(3, description="side of the gate's depthwise kernel; odd")
    bias: Bias = Field(INHERIT, description="which of its linear layers and convolutions have a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Another width, kernel and activation too."""
        yield from super().examples()
        yield cls(ratio=2.5, kernel=5, activation=Relu(), bias=("conv",))

    def cost(self, at: Place) -> Cost:
        """The layers, and a depthwise convolution, whose input is kept with the values it came with."""
        convolution = depthwise(self.hidden(at), self.kernel, at.grid, bias="conv" in self.bias)
        return self.layers(at) + convolution._replace(activations=0)

    def check(self, at: Place) -> Iterator[Complaint]:
        """Kernels are odd, and something is left of the width."""
        yield from odd("kernel", self.kernel)
        yield from super().check(at)
