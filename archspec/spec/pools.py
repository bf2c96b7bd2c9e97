"""Pools: from a map of tokens to one vector."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field

from archspec.spec.base import Complaint, Spec
from archspec.spec.place import Place
from archspec.spec.values import Count


class Pool(Spec, family="pools"):
    """What the head looks at."""

    def width(self, at: Place) -> int:
        """The width of the pooled vector."""
        return at.dim


class Avg(Pool):
    """The mean of the grid's tokens; class tokens are left out."""

    kind: Literal["avg"] = "avg"


class Cls(Pool):
    """The class tokens, joined or averaged where there are several."""

    kind: Literal["cls"] = "cls"
    merge: Literal["concat", "mean"] = Field("concat", description="what becomes of several class tokens")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """The mean too."""
        yield from super().examples()
        yield cls(merge="mean")

    def width(self, at: Place) -> int:
        """Joined tokens are as wide as all of them."""
        return at.dim * len(at.class_tokens) if self.merge == "concat" else at.dim

    def check(self, at: Place) -> Iterator[Complaint]:
        """There must be a class token."""
        if not at.class_tokens:
            hint = "give a stage `class_tokens: [start]`, or pool with `avg`"
            yield Complaint("", "the last stage has no class token to pool", hint, "ARC302")


class Bilateral(Pool):
    """The first and the last of the grid's tokens, joined or averaged."""

    kind: Literal["bilateral"] = "bilateral"
    merge: Literal["concat", "mean"] = Field("concat", description="what becomes of the two")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """The mean too."""
        yield from super().examples()
        yield cls(merge="mean")

    def width(self, at: Place) -> int:
        """Joined tokens are as wide as both."""
        return at.dim * 2 if self.merge == "concat" else at.dim


class Center(Pool):
    """The mean of the tokens in the middle of the sequence, class tokens left out.

    That is how Vision-LSTM's code reads "the 4 center patches": on a grid of 14 × 14 they are the end of the seventh
    row and the start of the eighth, not the middle of the image.
    """

    kind: Literal["center"] = "center"
    tokens: Count = Field(4, description="how many")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """One token, which every grid has."""
        yield from super().examples()
        yield cls(tokens=1)

    def check(self, at: Place) -> Iterator[Complaint]:
        """There must be so many."""
        if self.tokens > at.pixels:
            hint = f"at most {at.pixels}, or pool with `avg`"
            yield Complaint("tokens", f"the last stage has {at.pixels} tokens, not {self.tokens}", hint)
