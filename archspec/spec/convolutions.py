"""Convolutions along the tokens that a sequence mixer reads, one kernel a channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from archspec.spec.base import Complaint, Spec
from archspec.spec.cost import Cost, depthwise
from archspec.spec.mixers.pooling import odd
from archspec.spec.place import Place
from archspec.spec.values import Count, Size


class Convolution(Spec, family="convolutions"):
    """What lets tokens see their neighbours, in the order in which they are read, before they are queries and keys."""

    def cost(self, at: Place, *, bias: bool = True) -> Cost:
        """What it costs; whoever it is part of says whether it has a bias, and keeps the tokens themselves."""
        return Cost()


class NoConvolution(Convolution):
    """Tokens as they are."""

    kind: Literal["none"] = "none"


class Causal1d(Convolution):
    """Over the token itself and those read just before it."""

    kind: Literal["causal1d"] = "causal1d"
    kernel: Count = Field(4, description="how many tokens it sees")

    def cost(self, at: Place, *, bias: bool = True) -> Cost:
        """A kernel a channel on every token; tokens are kept once more, behind the zeros before the first."""
        weights, zeros = at.dim * self.kernel, self.kernel - 1
        return Cost(weights + at.dim * bias, 0, weights * at.tokens, at.dim * (at.tokens + zeros) * (zeros > 0))


class Conv1d(Convolution):
    """Over the token itself and those read just before and after it."""

    kind: Literal["conv1d"] = "conv1d"
    kernel: Size = Field(3, description="how many tokens it sees; odd")

    def cost(self, at: Place, *, bias: bool = True) -> Cost:
        """A kernel a channel on every token."""
        weights = at.dim * self.kernel
        return Cost(weights + at.dim * bias, 0, weights * at.tokens)

    def check(self, at: Place) -> Iterator[Complaint]:
        """A window has a centre."""
        yield from odd("kernel", self.kernel)


class Conv2d(Convolution):
    """Over the grid as it is read: swapped and turned with the tokens. Class tokens pass by."""

    kind: Literal["conv2d"] = "conv2d"
    kernel: Size = Field(3, description="side of the kernel; odd")

    def cost(self, at: Place, *, bias: bool = True) -> Cost:
        """A kernel a channel on every token of the grid, which is kept once more where it has to be cut out."""
        convolved = depthwise(at.dim, self.kernel, at.grid, bias=bias)
        return convolved if at.class_tokens else convolved._replace(activations=0)

    def check(self, at: Place) -> Iterator[Complaint]:
        """A window has a centre."""
        yield from odd("kernel", self.kernel)
