"""The mlp of PVTv2: a depthwise convolution between its layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.activations import Activation, Inherit, Relu
from archspec.spec.base import Complaint, Part
from archspec.spec.cost import Cost, depthwise, linear
from archspec.spec.mixers.pooling import odd
from archspec.spec.mlps.base import ChannelMlp
from archspec.spec.place import Place
from archspec.spec.values import INHERIT, Bias, BiasPart, Flag, Positive, Size
from archspec.spec.widths import check_ratio


class ConvFfn(ChannelMlp):
    """Linear, depthwise convolution, activation, linear."""

    needs_grid: ClassVar[bool] = True
    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("linear", "conv")
    kind: Literal["conv_ffn"] = "conv_ffn"
    ratio: Positive = Field(4.0, description="hidden width as a multiple of the stage's")
    kernel: Size = Field(3, description="side of the depthwise kernel; odd")
    relu: Flag = Field(False, description="whether a relu stands before the convolution, as in PVTv2's linear form")
    activation: Activation = Field(Inherit(), description="after the convolution")
    bias: Bias = Field(INHERIT, description="which of its linear layers and convolutions have a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """With a relu before, and another width, kernel and activation."""
        yield from super().examples()
        yield cls(relu=True)
        yield cls(ratio=2.5, kernel=5, activation=Relu(), bias=("conv",))

    def hidden(self, at: Place) -> int:
        """The hidden width."""
        return int(at.dim * self.ratio)

    def parts(self, at: Place) -> Iterator[Part]:
        """The activation, on the hidden width."""
        yield Part("activation", self.activation, at.wide(self.hidden(at)))

    def cost(self, at: Place) -> Cost:
        """Two linear layers and a depthwise convolution."""
        hidden, bias = self.hidden(at), "linear" in self.bias
        return (
            linear(at.dim, hidden, at.tokens, bias=bias)
            + depthwise(hidden, self.kernel, at.grid, bias="conv" in self.bias)
            + linear(hidden, at.dim, at.tokens, bias=bias)
        )

    def check(self, at: Place) -> Iterator[Complaint]:
        """Kernels are odd, and something is left of the width."""
        yield from odd("kernel", self.kernel)
        yield from check_ratio(self.ratio, at.dim)
