"""Recurrent cells along columns and rows: Sequencer2D's mixer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.cost import Cost
from archspec.spec.mixers.recurrent import Recurrent
from archspec.spec.place import Place
from archspec.spec.values import Flag, Positive


class Bilstm2d(Recurrent):
    """Cells that read every column, others that read every row, and a linear layer on both."""

    needs_grid: ClassVar[bool] = True
    kind: Literal["bilstm2d"] = "bilstm2d"
    ratio: Positive = Field(0.25, description="width of the hidden state as a multiple of the stage's")
    merge: Literal["concat", "add", "vertical", "horizontal"] = Field(
        "concat", description="columns beside rows, their sum, only columns, or only rows"
    )
    project: Flag = Field(True, description="whether a linear layer follows; without one the widths must agree")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Every way to merge, with and without a projection."""
        yield from super().examples()
        yield cls(project=False)
        yield cls(merge="add", ratio=0.5, project=False)
        yield cls(merge="vertical", ratio=0.5, project=False)
        yield cls(merge="horizontal", cell="gru")

    def scans(self) -> tuple[str, ...]:
        """The passes: along columns, along rows."""
        return (self.merge,) if self.merge in ("vertical", "horizontal") else ("vertical", "horizontal")

    def merged(self, at: Place) -> int:
        """Side by side they are as wide as both."""
        return self.read(at) * (2 if self.merge == "concat" else 1)

    def cost(self, at: Place) -> Cost:
        """A pass along columns, a pass along rows, and the projection."""
        lines = {"vertical": at.grid[1], "horizontal": at.grid[0]}
        passes = [self.recurrence(at, lines[scan]) for scan in self.scans()]
        # A single token is its own column and row, and is kept once.
        shared = at.dim * (len(passes) - 1) * (at.pixels == 1)
        return sum(passes, Cost(activations=-shared)) + self.projections(at)
