"""Norms over tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.base import Complaint, Spec
from archspec.spec.cost import Cost, kept, vector
from archspec.spec.place import Place
from archspec.spec.values import INHERIT, Bias, BiasPart, Count, Positive, dividing


class Norm(Spec, family="norms"):
    """A normalisation; it keeps its input for the backward pass."""

    def cost(self, at: Place) -> Cost:
        """A weight and, where it has one, a bias per channel."""
        return vector(at.dim, 1 + bool(getattr(self, "bias", ()))) + kept(at.dim * at.tokens)


class NoNorm(Norm):
    """No normalisation."""

    kind: Literal["none"] = "none"

    def cost(self, at: Place) -> Cost:
        """Nothing."""
        return Cost()


class LayerNorm(Norm):
    """Each token over its channels."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("norm",)
    kind: Literal["layer_norm"] = "layer_norm"
    eps: Positive = Field(1e-6, description="added to the variance")
    bias: Bias = Field(INHERIT, description="whether it has a bias; in a stage the stage's `bias` says, elsewhere true")


class GroupNorm(Norm):
    """Each sample over its tokens and a group of channels; one group is MetaFormer's and PoolFormer's norm."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("norm",)
    kind: Literal["group_norm"] = "group_norm"
    groups: Count = Field(1, description="groups the channels are split into")
    eps: Positive = Field(1e-6, description="added to the variance")
    bias: Bias = Field(INHERIT, description="whether it has a bias; in a stage the stage's `bias` says, elsewhere true")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Several groups too."""
        yield from super().examples()
        yield cls(groups=4)

    def check(self, at: Place) -> Iterator[Complaint]:
        """Groups must be of equal size."""
        if at.dim % self.groups:
            hint = f"numbers that do: {dividing(at.dim, self.groups)}"
            yield Complaint("groups", f"{at.dim} channels cannot be split into {self.groups} equal groups", hint)


class RmsNorm(Norm):
    """Each token by its root mean square; never a bias."""

    kind: Literal["rms_norm"] = "rms_norm"
    eps: Positive = Field(1e-6, description="added to the mean square")


class BatchNorm(Norm):
    """Each channel over the batch and its tokens, with running statistics.

    The batch is what one device takes at once (`micro_batch`).
    """

    across_images: ClassVar[bool] = True
    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("norm",)
    kind: Literal["batch_norm"] = "batch_norm"
    eps: Positive = Field(1e-5, description="added to the variance")
    momentum: Positive = Field(0.1, le=1, description="share of the newest batch in the running statistics")
    bias: Bias = Field(INHERIT, description="whether it has a bias; in a stage the stage's `bias` says, elsewhere true")
