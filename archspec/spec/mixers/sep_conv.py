"""Inverted separable convolutions: ConvFormer's mixer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.activations import Activation, Inherit, StarRelu
from archspec.spec.base import Complaint, Part
from archspec.spec.cost import Cost, depthwise, linear
from archspec.spec.mixers.base import Mixer
from archspec.spec.mixers.pooling import odd
from archspec.spec.place import Place
from archspec.spec.values import INHERIT, Bias, BiasPart, GridSize, Positive, Size
from archspec.spec.widths import check_ratio


class SepConv(Mixer):
    """Pointwise, activation, depthwise, pointwise: the inverted bottleneck of MobileNetV2."""

    needs_grid: ClassVar[bool] = True
    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("linear", "conv")
    kind: Literal["sep_conv"] = "sep_conv"
    kernel: Size = Field(7, description="side of the depthwise kernel; odd, or relative to the grid: `{grid: 1/2}`")
    ratio: Positive = Field(2.0, description="inner width as a multiple of the stage's")
    activation: Activation = Field(Inherit(), description="after the first pointwise layer")
    bias: Bias = Field(INHERIT, description="which of its linear layers and convolutions have a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Another activation, a relative kernel, a bias on some layers."""
        yield from super().examples()
        yield cls(kernel=GridSize(grid=0.5), ratio=1.5, activation=StarRelu(), bias=("conv",))

    def inner(self, at: Place) -> int:
        """The width between the pointwise layers."""
        return int(at.dim * self.ratio)

    def parts(self, at: Place) -> Iterator[Part]:
        """The activation, on the inner width."""
        yield Part("activation", self.activation, at.wide(self.inner(at)))

    def cost(self, at: Place) -> Cost:
        """Two linear layers and a depthwise convolution."""
        inner, linear_bias = self.inner(at), "linear" in self.bias
        return (
            linear(at.dim, inner, at.tokens, bias=linear_bias)
            + depthwise(inner, self.kernel, at.grid, bias="conv" in self.bias)
            + linear(inner, at.dim, at.tokens, bias=linear_bias)
        )

    def check(self, at: Place) -> Iterator[Complaint]:
        """Kernels are odd, and something is left of the width."""
        yield from odd("kernel", self.kernel)
        yield from check_ratio(self.ratio, at.dim)
