"""Cosine attention over all tokens: TransNeXt's last stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from archspec.spec.cost import Cost, kept, linear
from archspec.spec.mixers.cosine import Cosine
from archspec.spec.place import Place
from archspec.spec.values import BiasPart


class CosineAttention(Cosine):
    """Length-scaled cosine attention; class tokens take part and have no distance to anything."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("linear",)
    kind: Literal["cosine_attention"] = "cosine_attention"

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Without each of its refinements, and heads that do not divide the width."""
        yield from super().examples()
        yield cls(query_embedding=False, head_dim=16)
        yield cls(length_scaling=False)
        yield cls(position_bias=False)

    def cost(self, at: Place) -> Cost:
        """Queries, keys and values; the two products of tokens with tokens; the biases; the projection."""
        inner, bias = self.inner(at), bool(self.bias)
        # Torch's fused attention learns no biases, and what is not fused keeps its matrix.
        matrix = self.heads(at) * at.tokens**2 if self.position_bias else 0
        return (
            linear(at.dim, 3 * inner, at.tokens, bias=bias)
            + self.own(at)
            + self.biases(at, at.grid)
            + self.products(at, at.tokens)
            + kept(self.compared(at, at.tokens) + inner * at.tokens + matrix)
            + linear(inner, at.dim, at.tokens, bias=bias)
        )
