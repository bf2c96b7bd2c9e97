"""Recurrent cells along the sequence of all tokens: VSequencer's mixer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field

from archspec.spec.cost import Cost
from archspec.spec.mixers.recurrent import Recurrent
from archspec.spec.mixers.sequence import SequenceMixer
from archspec.spec.place import Place
from archspec.spec.traversals import Beside, ColumnsReversed, Rows, RowsReversed
from archspec.spec.values import Flag, Positive


class Bilstm(Recurrent, SequenceMixer):
    """Cells that read all tokens as one line, in the order of the traversal."""

    kind: Literal["bilstm"] = "bilstm"
    ratio: Positive = Field(0.5, description="width of the hidden state as a multiple of the stage's")
    project: Flag = Field(False, description="whether a linear layer follows; without one the widths must agree")
    shuffle: Flag = Field(False, description="whether tokens are read in a random order in every step of training")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Other orders, several orders at once, and none."""
        yield from super().examples()
        yield cls(bidirectional=False, ratio=1.0, traversal=ColumnsReversed())
        yield cls(traversal=Beside(parallel=(Rows(), RowsReversed())))
        yield cls(project=True, traversal=Beside(parallel=(Rows(), RowsReversed()), share="all"))
        yield cls(shuffle=True)

    def cost(self, at: Place) -> Cost:
        """One pass, and the projection."""
        return self.recurrence(at, 1) + self.projections(at)
