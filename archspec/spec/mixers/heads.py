"""What mixers share that split the width into heads."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from archspec.spec.cost import Cost
from archspec.spec.mixers.base import Mixer
from archspec.spec.place import Place
from archspec.spec.values import INHERIT, Bias, BiasPart, Count


class Headed(Mixer):
    """As many heads as fit into the width, at least one, each `head_dim` wide."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("linear", "conv")
    head_dim: Count = Field(description="width of a head; heads × head_dim may differ from the stage's width")
    bias: Bias = Field(INHERIT, description="which of its linear layers and convolutions have a bias")

    def heads(self, at: Place) -> int:
        """How many heads there are."""
        return max(1, at.dim // self.head_dim)

    def inner(self, at: Place) -> int:
        """The width of all heads together."""
        return self.heads(at) * self.head_dim

    def products(self, at: Place, keys: int) -> Cost:
        """Every query times so many keys, and the weights times their values."""
        return Cost(macs=2 * at.tokens * keys * self.inner(at))
