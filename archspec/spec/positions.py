"""Position tables, added to the tokens where a stage begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field

from archspec.spec.base import Complaint, Spec
from archspec.spec.cost import Cost, vector
from archspec.spec.place import Place


class Positions(Spec, family="positions"):
    """What tells tokens where they are."""


class NoPositions(Positions):
    """Nothing is added."""

    kind: Literal["none"] = "none"


class Learned(Positions):
    """A learned table, resized bicubically when the network runs on another grid than its own."""

    kind: Literal["learned"] = "learned"
    covers: Literal["grid", "all"] = Field("grid", description="`grid`, or `all`: class tokens have entries too")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """With entries for class tokens too."""
        yield from super().examples()
        yield cls(covers="all")

    def cost(self, at: Place) -> Cost:
        """An entry a token of the native grid."""
        extra = len(at.class_tokens) if self.covers == "all" else 0
        return vector(at.dim, at.native[0] * at.native[1] + extra)

    def check(self, at: Place) -> Iterator[Complaint]:
        """`all` promises class tokens."""
        if self.covers == "all" and not at.class_tokens:
            yield Complaint("covers", "the table covers class tokens, and there are none", "write `covers: grid`")


class SinCos(Positions):
    """Fixed sines and cosines of the row and the column."""

    kind: Literal["sincos"] = "sincos"

    def check(self, at: Place) -> Iterator[Complaint]:
        """Sine and cosine of row and column want four equal parts."""
        if at.dim % 4:
            hint = f"a `dim` of {at.dim - at.dim % 4 or 4} or {at.dim - at.dim % 4 + 4} is, or learn them: `learned`"
            yield Complaint("", f"sines and cosines need a width divisible by 4; {at.dim} is not", hint)
