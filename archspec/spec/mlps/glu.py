"""Gated linear units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.activations import Activation, Inherit, Relu
from archspec.spec.base import Complaint, Part
from archspec.spec.cost import Cost, kept, linear
from archspec.spec.mlps.base import ChannelMlp
from archspec.spec.place import Place
from archspec.spec.values import INHERIT, Bias, BiasPart, Positive


class Gated(ChannelMlp):
    """A gate times values; two thirds as wide as an mlp of that ratio, so that both have as many parameters."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("linear",)
    ratio: Positive = Field(4.0, description="hidden width as a multiple of the stage's, before two thirds are taken")
    activation: Activation = Field(Inherit(), description="of the gate")
    bias: Bias = Field(INHERIT, description="whether the layers have a bias")

    def hidden(self, at: Place) -> int:
        """The width of the gate, and of the values."""
        return 2 * int(at.dim * self.ratio) // 3

    def parts(self, at: Place) -> Iterator[Part]:
        """The activation, on the gate."""
        yield Part("activation", self.activation, at.wide(self.hidden(at)))

    def layers(self, at: Place) -> Cost:
        """Gate and values in one linear layer, and one for their product, both of which are kept beside it."""
        hidden, bias = self.hidden(at), "linear" in self.bias
        return (
            linear(at.dim, 2 * hidden, at.tokens, bias=bias)
            + kept(3 * hidden * at.tokens)
            + linear(hidden, at.dim, at.tokens, bias=bias)
        )

    def check(self, at: Place) -> Iterator[Complaint]:
        """Something is left of the width."""
        if self.hidden(at) < 1:
            message = f"two thirds of {self.ratio:g} × {at.dim} channels leave none"
            yield Complaint("ratio", message, f"a ratio of at least 2/{at.dim}")


class Glu(Gated):
    """act(gate)·values, then a linear layer: every token gates itself."""

    kind: Literal["glu"] = "glu"

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Another width and activation too."""
        yield from super().examples()
        yield cls(ratio=2.5, activation=Relu())

    def cost(self, at: Place) -> Cost:
        """The layers; the gate is kept with the values it came with, once."""
        gate = sum((part.spec.total(part.at).activations for part in self.parts(at)), 0)
        return self.layers(at) + kept(-gate)
