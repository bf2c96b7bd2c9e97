"""Mixing by a random matrix that is never trained: RandFormer's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from archspec.spec.base import Complaint
from archspec.spec.cost import Cost
from archspec.spec.mixers.base import Mixer
from archspec.spec.place import Place


class Random(Mixer):
    """Every token becomes a fixed random mean of all tokens; each block has a frozen matrix, softmax of U[0, 1)."""

    kind: Literal["random"] = "random"

    def size(self, at: Place) -> int:
        """The side of the matrix: all tokens of the native grid."""
        return at.native[0] * at.native[1] + len(at.class_tokens)

    def cost(self, at: Place) -> Cost:
        """A product of the matrix and the tokens."""
        side = self.size(at)
        return Cost(0, side * side, side * side * at.dim, 0)

    def check(self, at: Place) -> Iterator[Complaint]:
        """The matrix has one size."""
        if at.grid != at.native:
            made, asked = "×".join(map(str, at.native)), "×".join(map(str, at.grid))
            message = f"the random matrix is made for a {made} grid and cannot mix {asked}"
            yield Complaint("", message, "build the arch at that size with `input.size`")
