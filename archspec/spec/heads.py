"""Heads: from the last stage's tokens to logits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.activations import Activation, Gelu, SquaredRelu, StarRelu
from archspec.spec.base import Complaint, Part, Spec
from archspec.spec.cost import Cost, linear
from archspec.spec.norms import GroupNorm, LayerNorm, NoNorm, Norm
from archspec.spec.place import Place
from archspec.spec.pools import Avg, Cls, Pool
from archspec.spec.values import EVERY_PART, Bias, BiasPart, Positive
from archspec.spec.widths import check_ratio


class Head(Spec, family="heads"):
    """The classifier: norm_before, pool, norm_after, then what the kind says."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("linear",)
    pool: Pool = Field(Avg(), description="from tokens to one vector")
    norm_before: Norm = Field(NoNorm(), description="norm of every token, before pooling")
    norm_after: Norm = Field(NoNorm(), description="norm of the pooled vector")

    def pooled(self, at: Place) -> Place:
        """Where the classifier itself stands."""
        return at.pooled().wide(self.pool.width(at))

    def parts(self, at: Place) -> Iterator[Part]:
        """The norms and the pool."""
        yield Part("norm_before", self.norm_before, at)
        yield Part("pool", self.pool, at)
        yield Part("norm_after", self.norm_after, self.pooled(at))


class Linear(Head):
    """One linear layer."""

    kind: Literal["linear"] = "linear"
    init: Literal["inherit", "zeros"] = Field("inherit", description="the arch's scheme, or `zeros` for the weights")
    bias: Bias = Field(EVERY_PART, description="whether the layer has a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """With norms, another pool, and from zero."""
        yield from super().examples()
        yield cls(norm_before=LayerNorm(), init="zeros")
        yield cls(norm_after=GroupNorm())
        yield cls(pool=Cls())

    def cost(self, at: Place) -> Cost:
        """One linear layer on one vector."""
        return linear(self.pool.width(at), at.out, 1, bias=bool(self.bias))


class Mlp(Head):
    """Two linear layers with an activation and a norm between them."""

    kind: Literal["mlp"] = "mlp"
    ratio: Positive = Field(4.0, description="hidden width as a multiple of the pooled width")
    activation: Activation = Field(Gelu(), description="after the first layer")
    norm: Norm = Field(LayerNorm(), description="after the activation")
    bias: Bias = Field(EVERY_PART, description="whether the layers have a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """With what MetaFormer Baselines put there."""
        yield from super().examples()
        yield cls(ratio=2.5, norm_after=LayerNorm(), activation=SquaredRelu())
        yield cls(pool=Cls(), activation=StarRelu())

    def hidden(self, at: Place) -> int:
        """The hidden width."""
        return int(self.pool.width(at) * self.ratio)

    def parts(self, at: Place) -> Iterator[Part]:
        """What every head has, and what stands between the layers."""
        yield from super().parts(at)
        between = at.pooled().wide(self.hidden(at))
        yield Part("activation", self.activation, between)
        yield Part("norm", self.norm, between)

    def check(self, at: Place) -> Iterator[Complaint]:
        """Something is left of the width."""
        width = self.pool.width(at)
        if width:
            yield from check_ratio(self.ratio, width)

    def cost(self, at: Place) -> Cost:
        """Two linear layers on one vector."""
        width, hidden, bias = self.pool.width(at), self.hidden(at), bool(self.bias)
        return linear(width, hidden, 1, bias=bias) + linear(hidden, at.out, 1, bias=bias)
