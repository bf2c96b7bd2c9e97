"""Multi-head self-attention over all tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.cost import Cost, kept, linear
from archspec.spec.mixers.base import Mixer
from archspec.spec.place import Place
from archspec.spec.values import INHERIT, Bias, BiasPart, Count


class Attention(Mixer):
    """Softmax attention; as many heads as fit into the width, at least one, each `head_dim` wide."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("linear",)
    kind: Literal["attention"] = "attention"
    head_dim: Count = Field(32, description="width of a head; heads × head_dim may differ from the stage's width")
    bias: Bias = Field(INHERIT, description="whether its linear layers have a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Heads that do not divide the width, and one wider than it."""
        yield from super().examples()
        yield cls(head_dim=24)
        yield cls(head_dim=64)

    def heads(self, at: Place) -> int:
        """How many heads there are."""
        return max(1, at.dim // self.head_dim)

    def inner(self, at: Place) -> int:
        """The width of all heads together."""
        return self.heads(at) * self.head_dim

    def cost(self, at: Place) -> Cost:
        """Queries, keys and values; the two products of tokens with tokens; the projection."""
        inner, bias = self.inner(at), bool(self.bias)
        products = Cost(macs=2 * at.tokens * at.tokens * inner)
        return (
            linear(at.dim, 3 * inner, at.tokens, bias=bias)
            + products
            + kept(3 * inner * at.tokens)
            + linear(inner, at.dim, at.tokens, bias=bias)
        )
