"""The mLSTM: an LSTM whose memory is a matrix, so that it can read many tokens at once. Vision-LSTM's mixer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.base import Complaint
from archspec.spec.convolutions import Causal1d, Conv1d, Conv2d, Convolution, NoConvolution
from archspec.spec.cost import Cost, kept, linear, vector
from archspec.spec.mixers.sequence import SequenceMixer
from archspec.spec.place import Place
from archspec.spec.traversals import Beside, ColumnsReversed, Rows, RowsReversed
from archspec.spec.values import INHERIT, Bias, BiasPart, Count, Flag, Positive, dividing

COUNTED_CHUNK = 32
"""The chunk that the paper counts with, whatever chunk the code runs with."""
NORM_MACS = 5
"""What the paper's tool counts a number that is normalised."""


class Mlstm(SequenceMixer):
    """Two projections, the first convolved and read by heads with a matrix memory, the second its gate; and one back.

    Queries and keys come from the convolved tokens, values from the others. Every head weighs what it writes by an
    exponential input gate and what it has by a sigmoid forget gate.
    """

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("norm", "linear", "conv")
    kind: Literal["mlstm"] = "mlstm"
    heads: Count = Field(4, description="memories side by side")
    expansion: Positive = Field(2.0, description="inner width as a multiple of the stage's")
    block: Count = Field(4, description="channels that one block of the projections to queries, keys and values joins")
    conv: Convolution = Field(Conv2d(), description="before queries and keys")
    share_conv: Flag = Field(True, description="whether one convolution serves queries, keys and, if so, values")
    value_conv: Flag = Field(False, description="whether values are convolved too")
    skip: Flag = Field(True, description="whether convolved tokens pass the memory by, each channel with a weight")
    bias: Bias = Field(INHERIT, description="which of its norm, linear layers and convolutions have a bias")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Every convolution, shared and not; other heads; several scans in one layer."""
        yield from super().examples()
        yield cls(conv=Causal1d(), value_conv=True, traversal=ColumnsReversed())
        yield cls(conv=Conv1d(), share_conv=False, value_conv=True, bias=("conv",))
        yield cls(conv=NoConvolution(), heads=2, expansion=1.5, block=6, skip=False)
        yield cls(traversal=Beside(parallel=(Rows(), RowsReversed())))
        yield cls(traversal=Beside(parallel=(Rows(), ColumnsReversed()), share="all"), share_conv=False)

    def inner(self, at: Place) -> int:
        """The width between the projections."""
        return int(at.dim * self.expansion)

    def convolutions(self) -> int:
        """How many convolutions there are."""
        return 1 if self.share_conv else 2 + self.value_conv

    def projections(self, at: Place) -> Cost:
        """The projections to both halves and back."""
        inner, bias = self.inner(at), "linear" in self.bias
        return linear(at.dim, 2 * inner, at.tokens, bias=bias) + linear(inner, at.dim, at.tokens, bias=bias)

    def memory(self, at: Place) -> Cost:
        """Reading in chunks of 32; the code keeps what it reads within those it runs with, and states between."""
        inner, width = self.inner(at), self.inner(at) // self.heads
        within = 2 * at.tokens * (COUNTED_CHUNK // 2 + 1) * inner
        between = 3 * at.tokens * inner * inner // (2 * COUNTED_CHUNK)
        chunk = chunk_for(at.tokens, width)
        chunks = math.ceil(at.tokens / chunk)
        scores = self.heads * chunks * chunk * (chunk + 1)
        states = self.heads * (chunks - 1) * width * (width + 1)
        return Cost(macs=within + between, activations=scores + states)

    def cost(self, at: Place) -> Cost:
        """The projections, convolutions, gates and the memory in chunks of 32 tokens; its norm five times a number.

        That is how the paper counts.
        """
        inner, tokens = self.inner(at), at.tokens
        norm = vector(inner, 1 + ("norm" in self.bias)) + Cost(macs=NORM_MACS * inner * tokens)
        blocks = Cost(inner * self.block + inner * ("linear" in self.bias), 0, inner * self.block * tokens)
        gates = linear(3 * inner, 2 * self.heads, tokens, bias=True) + kept(2 * self.heads * tokens)
        convolved = self.conv.cost(at.wide(inner), bias="conv" in self.bias) * self.convolutions()
        # Both halves, before and behind each activation, q, k, v, what is read, its norm, the gate and what it gates.
        kept_as_wide = 9 + self.convolutions() * (1 if self.conv.is_none else 2)
        rest = vector(inner, self.skip) + kept(kept_as_wide * inner * tokens)
        return self.projections(at) + convolved + blocks * 3 + gates + self.memory(at) + norm + rest

    def check(self, at: Place) -> Iterator[Complaint]:
        """Something is left of the width, heads and blocks divide it, and the convolution can stand here."""
        inner = self.inner(at)
        if not inner:
            hint = f"an expansion of at least 1/{at.dim}"
            yield Complaint("expansion", f"{self.expansion:g} × {at.dim} channels leaves none", hint)
            return
        for field, parts, what in (("heads", self.heads, "heads"), ("block", self.block, "blocks of channels")):
            if inner % parts:
                split = f"{parts} equal {what}" if field == "heads" else f"{what} {parts} wide"
                message = f"the inner width {inner} cannot be split into {split}"
                yield Complaint(field, message, f"numbers that do: {dividing(inner, parts)}")
        for complaint in self.conv.check(at.wide(inner)):
            yield complaint._replace(field=f"conv.{complaint.field}")


def chunk_for(tokens: int, width: int) -> int:
    """How many tokens a head so wide reads at once: all of few, else the divisor nearest a good number.

    Without a divisor near it, a chunk that leaves next to nothing over.
    """
    if tokens <= max(96, width * 5 // 4):
        return tokens
    good = max(64, width // 3)
    divisors = [size for size in range(good // 2, 2 * good + 1) if tokens % size == 0]
    return min(divisors, key=lambda size: abs(size - good), default=math.ceil(tokens / round(tokens / good)))
