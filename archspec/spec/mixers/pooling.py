"""Mixing by averaging neighbours: PoolFormer's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.base import Complaint
from archspec.spec.cost import Cost, kept
from archspec.spec.mixers.base import Mixer
from archspec.spec.place import Place
from archspec.spec.values import Size


class Pooling(Mixer):
    """The mean of a window minus the token itself; windows at the border average what exists."""

    needs_grid: ClassVar[bool] = True
    kind: Literal["pooling"] = "pooling"
    size: Size = Field(3, description="side of the window; odd")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """A larger window too."""
        yield from super().examples()
        yield cls(size=5)

    def cost(self, at: Place) -> Cost:
        """Nothing to learn; the input is kept."""
        return kept(at.dim * at.tokens)

    def check(self, at: Place) -> Iterator[Complaint]:
        """A window has a centre."""
        yield from odd("size", self.size)


def odd(field: str, size: int) -> Iterator[Complaint]:
    """A window or kernel that keeps the grid has a centre."""
    if size % 2 == 0:
        yield Complaint(field, f"{size} is even, and a window needs a centre", f"write {size - 1} or {size + 1}")
