"""Two linear layers with an activation between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.activations import Activation, Inherit, Relu, StarRelu
from archspec.spec.base import Complaint, Part
from archspec.spec.cost import Cost, linear
from archspec.spec.mlps.base import ChannelMlp
from archspec.spec.place import Place
from archspec.spec.values import INHERIT, Bias, BiasPart, Positive
from archspec.spec.widths import check_ratio


class Mlp(ChannelMlp):
    """Linear, activation, linear on every token."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("linear",)
    kind: Literal["mlp"] = "mlp"
    ratio: Positive = Field(4.0, description="hidden width as a multiple of the stage's")
    activation: Activation = Field(Inherit(), description="between the layers")
    bias: Bias = Field(INHERIT, description="whether the layers have a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Other activations too."""
        yield from super().examples()
        yield cls(ratio=2.5, activation=StarRelu())
        yield cls(activation=Relu())

    def hidden(self, at: Place) -> int:
        """The hidden width."""
        return int(at.dim * self.ratio)

    def parts(self, at: Place) -> Iterator[Part]:
        """The activation, on the hidden width."""
        yield Part("activation", self.activation, at.wide(self.hidden(at)))

    def cost(self, at: Place) -> Cost:
        """Two linear layers."""
        hidden, bias = self.hidden(at), bool(self.bias)
        return linear(at.dim, hidden, at.tokens, bias=bias) + linear(hidden, at.dim, at.tokens, bias=bias)

    def check(self, at: Place) -> Iterator[Complaint]:
        """Something is left of the width."""
        yield from check_ratio(self.ratio, at.dim)
