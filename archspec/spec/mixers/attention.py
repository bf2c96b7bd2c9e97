"""Multi-head self-attention over all tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.base import Complaint
from archspec.spec.cost import Cost, kept, linear
from archspec.spec.mixers.sequence import SequenceMixer
from archspec.spec.place import Place
from archspec.spec.traversals import Beside, ColumnsBottomLeft, Rows, RowsReversed
from archspec.spec.values import INHERIT, Bias, BiasPart, Count, Flag


class Attention(SequenceMixer):
    """Softmax attention; as many heads as fit into the width, at least one, each `head_dim` wide."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("linear",)
    kind: Literal["attention"] = "attention"
    head_dim: Count = Field(32, description="width of a head; heads × head_dim may differ from the stage's width")
    causal: Flag = Field(False, description="whether a token sees only itself and what is read before it")
    bias: Bias = Field(INHERIT, description="whether its linear layers have a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Heads that do not divide the width, one wider than it, and causal ones."""
        yield from super().examples()
        yield cls(head_dim=24)
        yield cls(head_dim=64)
        yield cls(causal=True, traversal=ColumnsBottomLeft())
        yield cls(causal=True, traversal=Beside(parallel=(Rows(), RowsReversed())))

    def heads(self, at: Place) -> int:
        """How many heads there are."""
        return max(1, at.dim // self.head_dim)

    def inner(self, at: Place) -> int:
        """The width of all heads together."""
        return self.heads(at) * self.head_dim

    def projections(self, at: Place) -> Cost:
        """Queries, keys and values, and the projection."""
        inner, bias = self.inner(at), bool(self.bias)
        return linear(at.dim, 3 * inner, at.tokens, bias=bias) + linear(inner, at.dim, at.tokens, bias=bias)

    def cost(self, at: Place) -> Cost:
        """Queries, keys and values; the two products of tokens with tokens; the projection."""
        inner = self.inner(at)
        products = Cost(macs=2 * at.tokens * at.tokens * inner)
        return self.projections(at) + products + kept(3 * inner * at.tokens)

    def scanned(self, at: Place) -> Cost:
        """What is summed is kept beside the sum."""
        return super().scanned(at) + kept(self.inner(at) * at.tokens)

    def check(self, at: Place) -> Iterator[Complaint]:
        """Without `causal` tokens have no order."""
        if not self.causal and self.traversal != Rows():
            message = "attention that is not causal sees all tokens at once, in no order"
            yield Complaint("traversal", message, "write `causal: true` beside it, or leave the traversal out")
