"""Hyena: gates around convolutions as long as the sequence, causal or bidirectional."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.base import Complaint, Part
from archspec.spec.convolutions import Causal1d, Conv1d
from archspec.spec.cost import Cost, kept, linear
from archspec.spec.fourier import numbers_kept
from archspec.spec.mixers.long_filter import LongFilter
from archspec.spec.mixers.sequence import SequenceMixer
from archspec.spec.norms import LayerNorm
from archspec.spec.place import Place
from archspec.spec.traversals import Beside, Columns, Rows, RowsReversed
from archspec.spec.values import Count

SHORT = 3
"""Taps of the convolution behind the first projection."""


class Hyena(LongFilter, SequenceMixer):
    """The last of order + 1 projections is multiplied with another and convolved, order − 1 times, and gated."""

    published_window: ClassVar[str] = "fixed"
    hidden: ClassVar[int] = 2
    kind: Literal["hyena"] = "hyena"
    direction: Literal["bidirectional", "causal"] = Field(
        "bidirectional", description="whether a token is reached by all tokens, or by those read before it alone"
    )
    order: Count = Field(
        2,
        description="how often tokens are multiplied with projections of themselves, once more than they are convolved",
    )
    causal_window: Literal["far", "near"] = Field(
        "far",
        description="which end of a causal filter its window lets through: the farthest tokens, as HyenaPixel's runs "
        "had it, or the nearest, as Hyena's had",
    )

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Causal, of a higher order, in other orders and several at once."""
        yield from super().examples()
        norm, both = LayerNorm(bias=(), eps=1e-5), (Rows(), RowsReversed())
        yield cls(direction="causal", bands=3, norm=norm, window=None)
        yield cls(direction="causal", causal_window="near", order=4, traversal=Columns())
        yield cls(order=3, window="learned", other_sizes="interpolate", bias=("linear",), norm=norm)
        yield cls(direction="causal", other_sizes="interpolate", norm=norm, traversal=Beside(parallel=both))
        yield cls(window="learned", traversal=Beside(parallel=both, share="all"))

    @property
    def features(self) -> int:
        """The place itself, and sine and cosine of every band."""
        return 1 + 2 * self.bands

    @property
    def is_causal(self) -> bool:
        """Whether tokens are reached only by those read before them."""
        return self.direction == "causal"

    def length(self, at: Place) -> int:
        """How many tokens its filters are shaped for."""
        return at.native[0] * at.native[1] + len(at.class_tokens)

    def taps(self, tokens: int) -> int:
        """The taps of a filter that reaches so many tokens."""
        return tokens if self.is_causal else 2 * tokens - 1

    def parts(self, at: Place) -> Iterator[Part]:
        """A norm before each convolution, and one at the end."""
        for _ in range(self.order):
            yield Part("norm", self.norm, at)

    def projections(self, at: Place) -> Cost:
        """The linear layers, and the norm before the last."""
        bias = "linear" in self.bias
        first = linear(at.dim, (self.order + 1) * at.dim, at.tokens, bias=bias)
        return first + self.norm.total(at) + linear(at.dim, at.dim, at.tokens, bias=bias)

    def cost(self, at: Place) -> Cost:
        """The linear layers, a short convolution, what it gives, and long ones, each with its input and output."""
        inner, long = (self.order + 1) * at.dim, self.order - 1
        run = at.tokens if self.other_sizes == "interpolate" else self.length(at)
        written = self.written(at, self.features, self.taps(self.length(at)), self.taps(run), (2 * at.tokens,))
        convolved = at.dim * (numbers_kept((at.tokens,), (self.taps(run),), self.is_causal) + at.tokens)
        bias = "linear" in self.bias
        short = Causal1d(kernel=SHORT) if self.is_causal else Conv1d(kernel=SHORT)
        return (
            linear(at.dim, inner, at.tokens, bias=bias)
            + short.cost(at.wide(inner), bias="conv" in self.bias)
            + kept(inner * at.tokens * (not self.is_causal))
            + kept(inner * at.tokens)
            + (written + kept(convolved)) * long
            + linear(at.dim, at.dim, at.tokens, bias=bias)
        )

    def check(self, at: Place) -> Iterator[Complaint]:
        """Something is convolved, and only a causal window has two ends."""
        if self.order < 2:
            yield Complaint("order", "of order 1 it convolves nothing, and tokens never meet", "write `order: 2`")
        if self.causal_window == "near" and not self.is_causal:
            message = "a bidirectional window lets the nearest tokens through on either side"
            yield Complaint("causal_window", message, "leave it out, or write `direction: causal`")
