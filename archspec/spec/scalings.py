"""Branch scalings: how a residual branch is added to what it branched from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from archspec.spec.base import Spec
from archspec.spec.cost import Cost, kept, vector
from archspec.spec.place import Place
from archspec.spec.values import Number


class Scaling(Spec, family="scalings"):
    """How x and branch(x) become one."""


class NoScaling(Scaling):
    """x + branch(x)."""

    kind: Literal["none"] = "none"


class LayerScale(Scaling):
    """x + λ·branch(x), λ learned per channel, of CaiT."""

    kind: Literal["layer_scale"] = "layer_scale"
    initial: Number = Field(1e-5, description="what λ starts at")

    def cost(self, at: Place) -> Cost:
        """λ; the branch's output is kept."""
        return vector(at.dim) + kept(at.dim * at.tokens)


class ResScale(Scaling):
    """λ·x + branch(x), λ learned per channel, of NormFormer."""

    kind: Literal["res_scale"] = "res_scale"
    initial: Number = Field(1.0, description="what λ starts at")

    def cost(self, at: Place) -> Cost:
        """λ; x is kept by the norm already."""
        return vector(at.dim)


class BranchScale(Scaling):
    """λ·x + μ·branch(x), both learned per channel."""

    kind: Literal["branch_scale"] = "branch_scale"
    initial: Number = Field(1e-5, description="what μ, on the branch, starts at")
    residual: Number = Field(1.0, description="what λ, on x, starts at")

    def cost(self, at: Place) -> Cost:
        """λ and μ; the branch's output is kept."""
        return vector(at.dim, 2) + kept(at.dim * at.tokens)
