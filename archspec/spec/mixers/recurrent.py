"""What mixers share that read tokens with recurrent cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.base import Complaint
from archspec.spec.cost import Cost, kept, linear
from archspec.spec.mixers.base import Mixer
from archspec.spec.place import Place
from archspec.spec.values import INHERIT, Bias, BiasPart, Count, Flag, Positive
from archspec.spec.widths import check_ratio

GATES = {"lstm": 4, "gru": 3, "rnn": 1}
"""How many vectors as wide as the hidden state a cell computes in each step."""
KEPT = {"lstm": 7, "gru": 7, "rnn": 1}
"""How many such vectors a step keeps: of an LSTM its gates, the cell before and after, the state before."""


class Recurrent(Mixer):
    """Torch's own recurrent layers over lines of tokens. A compiler breaks its graph there, and nowhere else."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("linear",)
    cell: Literal["lstm", "gru", "rnn"] = Field("lstm", description="LSTM, GRU, or a plain cell with tanh")
    bidirectional: Flag = Field(True, description="whether lines are read from both ends, each by cells of its own")
    ratio: Positive = Field(description="width of the hidden state as a multiple of the stage's")
    layers: Count = Field(1, description="layers of cells, each reading what the one before gives")
    project: Flag = Field(description="whether a linear layer follows; without one the widths must agree")
    bias: Bias = Field(INHERIT, description="whether the cells, with two vectors each, and the projection have a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Every cell, one direction, two layers, and no projection."""
        yield from super().examples()
        yield cls.model_validate({"layers": 2, "project": True})
        yield cls.model_validate({"cell": "gru", "bidirectional": False, "ratio": 1 / 3, "project": True})
        yield cls.model_validate({"cell": "rnn", "layers": 2, "project": True, "bias": False})

    def hidden(self, at: Place) -> int:
        """The width of the hidden state."""
        return int(at.dim * self.ratio)

    def read(self, at: Place) -> int:
        """The width of what one pass over the lines gives."""
        return self.hidden(at) * (1 + self.bidirectional)

    def merged(self, at: Place) -> int:
        """The width of all passes together."""
        return self.read(at)

    def recurrence(self, at: Place, lines: int) -> Cost:
        """One pass over all tokens in so many lines, counted step by step; both directions keep one input."""
        hidden, gates, directions = self.hidden(at), GATES[self.cell], 1 + self.bidirectional
        cost = Cost()
        for inputs in (at.dim, *(self.read(at),) * (self.layers - 1)):
            weights, biases = gates * hidden * (inputs + hidden), 2 * gates * hidden * bool(self.bias)
            # A plain cell keeps its states, one more a line than there are steps.
            states = hidden * (KEPT[self.cell] * at.tokens + lines * (self.cell == "rnn"))
            cost += Cost(weights + biases, 0, weights * at.tokens, states) * directions + kept(inputs * at.tokens)
        return cost

    def projections(self, at: Place) -> Cost:
        """The linear layer behind the passes."""
        return linear(self.merged(at), at.dim, at.tokens, bias=bool(self.bias)) if self.project else Cost()

    def check(self, at: Place) -> Iterator[Complaint]:
        """Something is left of the width, and without a projection what is read is as wide as the stage."""
        yield from check_ratio(self.ratio, at.dim)
        merged = self.merged(at)
        if merged and not self.project and merged != at.dim:
            message = f"without a projection {merged} channels cannot be added to the stage's {at.dim}"
            times = merged // self.hidden(at)
            yield Complaint("project", message, f"write `ratio: 1/{times}`, or `project: true`")
