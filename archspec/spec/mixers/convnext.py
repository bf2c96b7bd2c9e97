"""The ConvNeXt block as one mixer: a depthwise convolution, then an mlp, under one residual branch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.activations import Activation, Inherit, Relu
from archspec.spec.base import Complaint, Part
from archspec.spec.cost import Cost, depthwise, linear
from archspec.spec.mixers.base import Mixer
from archspec.spec.mixers.pooling import odd
from archspec.spec.norms import GroupNorm, LayerNorm, Norm
from archspec.spec.place import Place
from archspec.spec.values import INHERIT, Bias, BiasPart, Positive, Size
from archspec.spec.widths import check_ratio


class ConvNext(Mixer):
    """Depthwise, norm, pointwise, activation, pointwise; use it with the stage's `norm: none` and `mlp: none`."""

    needs_grid: ClassVar[bool] = True
    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("linear", "conv")
    kind: Literal["convnext"] = "convnext"
    kernel: Size = Field(7, description="side of the depthwise kernel; odd")
    ratio: Positive = Field(4.0, description="hidden width as a multiple of the stage's")
    norm: Norm = Field(LayerNorm(), description="after the depthwise convolution")
    activation: Activation = Field(Inherit(), description="between the pointwise layers")
    bias: Bias = Field(INHERIT, description="which of its linear layers and convolutions have a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Another norm and activation too."""
        yield from super().examples()
        yield cls(kernel=3, ratio=2.5, norm=GroupNorm(), activation=Relu())

    def hidden(self, at: Place) -> int:
        """The width between the pointwise layers."""
        return int(at.dim * self.ratio)

    def parts(self, at: Place) -> Iterator[Part]:
        """The norm, and the activation on the hidden width."""
        yield Part("norm", self.norm, at)
        yield Part("activation", self.activation, at.wide(self.hidden(at)))

    def cost(self, at: Place) -> Cost:
        """A depthwise convolution and two linear layers."""
        hidden, linear_bias = self.hidden(at), "linear" in self.bias
        return (
            depthwise(at.dim, self.kernel, at.grid, bias="conv" in self.bias)
            + linear(at.dim, hidden, at.tokens, bias=linear_bias)
            + linear(hidden, at.dim, at.tokens, bias=linear_bias)
        )

    def check(self, at: Place) -> Iterator[Complaint]:
        """Kernels are odd, and something is left of the width."""
        yield from odd("kernel", self.kernel)
        yield from check_ratio(self.ratio, at.dim)
