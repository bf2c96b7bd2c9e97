"""Aggregated attention, TransNeXt's: a window around every token and a pooled map of all, in one softmax."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from archspec.spec.activations import Activation, Inherit
from archspec.spec.base import Complaint, Part
from archspec.spec.cost import Cost, conv, linear, vector
from archspec.spec.mixers.cosine import Cosine
from archspec.spec.mixers.pooling import odd
from archspec.spec.norms import LayerNorm, Norm
from archspec.spec.place import Grid, Place, Scope
from archspec.spec.values import Count, Flag, OrNone, Size


class AggregatedAttention(Cosine):
    """Fine attention near by and coarse attention everywhere; positional attention learns what a window looks like."""

    needs_grid: ClassVar[bool] = True
    kind: Literal["aggregated_attention"] = "aggregated_attention"
    window: Size = Field(3, description="side of the window; odd")
    reduction: OrNone[Count] = Field(2, description="how many times smaller the pooled map is; its sides are cut off")
    pool_size: OrNone[Count] = Field(
        None, description="side of a pooled map of fixed size, in place of `reduction`: cost linear in the tokens"
    )
    positional_attention: Flag = Field(True, description="queries also weigh the window by learned keys")
    norm: Norm = Field(LayerNorm(eps=1e-5), description="norm of the pooled tokens")
    activation: Activation = Field(Inherit(), description="before pooling")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Without each of its refinements, other windows and pooled maps, the linear mode."""
        yield from super().examples()
        yield cls(window=5, reduction=3, head_dim=16)
        yield cls(pool_size=3)
        for name in ("query_embedding", "length_scaling", "position_bias", "positional_attention"):
            yield cls.model_validate({name: False})

    def resolve(self, scope: Scope) -> Any:
        """A fixed size leaves nothing for the reduction to say."""
        return super().resolve(scope)._changed({"reduction": None} if self.pool_size else {})

    def pooled(self, grid: Grid) -> Grid:
        """The pooled map of a grid; it has at least one token."""
        if self.pool_size:
            return self.pool_size, self.pool_size
        rows, columns = (max(1, side // (self.reduction or 1)) for side in grid)
        return rows, columns

    def coarse(self, at: Place) -> Place:
        """Where the pooled tokens stand."""
        return Place(at.dim, self.pooled(at.grid), self.pooled(at.native))

    def parts(self, at: Place) -> Iterator[Part]:
        """The activation before pooling and the norm behind it."""
        yield Part("activation", self.activation, at)
        yield Part("norm", self.norm, self.coarse(at))

    def cost(self, at: Place) -> Cost:
        """The layers, one for keys and values of both paths; the products with window and pooled map; the biases."""
        inner, bias, pooled, window = self.inner(at), "linear" in self.bias, self.coarse(at).tokens, self.window**2
        learned = Cost(inner * window, macs=at.tokens * window * inner) + vector(self.heads(at) * window)
        total = (
            linear(at.dim, inner, at.tokens, bias=bias)
            + linear(at.dim, 2 * inner, at.tokens, bias=bias)
            + Cost(macs=2 * at.dim * inner * pooled)
            + conv(at.dim, at.dim, 1, at.grid, at.grid, bias="conv" in self.bias)
            + self.own(at)
            + vector(self.heads(at) * window) * self.position_bias
            + self.biases(at, self.pooled(at.grid))
            + self.products(at, window + pooled)
            + learned * self.positional_attention
            + linear(inner, at.dim, at.tokens, bias=bias)
        )
        return total._replace(activations=self.kept(at))

    def kept(self, at: Place) -> int:
        """Numbers kept, on the way to the pooled map and in the attention itself."""
        inner, heads, pooled, window = self.inner(at), self.heads(at), self.coarse(at).tokens, self.window**2
        # Pooled to one token, which is a mean, the map is not kept; a single head's learned keys are not copied.
        coarse = at.dim * (at.tokens * (1 + (pooled > 1)) + pooled)
        attended = self.compared(at, at.tokens + pooled) + inner * (2 * at.tokens + pooled)
        weights = heads * at.tokens * (window + pooled)
        if not self.positional_attention:
            return coarse + attended + weights
        queries = inner * at.tokens if self.query_embedding else 0
        return coarse + attended + weights + queries + window * (heads * at.tokens + inner * (heads > 1))

    def check(self, at: Place) -> Iterator[Complaint]:
        """A window has a centre, and something says how large the pooled map is."""
        yield from odd("window", self.window)
        if not (self.reduction or self.pool_size):
            yield Complaint("reduction", "nothing says how large the pooled map is", "give `reduction` or `pool_size`")
        if self.pool_size and self.pool_size > min(at.grid):
            rows, columns = at.grid
            message = f"a pooled map of {self.pool_size}×{self.pool_size} is larger than the {rows}×{columns} map"
            yield Complaint("pool_size", message, f"at most {min(at.grid)}, or a larger `input.size`")
