"""Attention to a smaller map: PVT's and PVTv2's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import Field

from archspec.spec.base import Complaint, Part
from archspec.spec.cost import Cost, conv, linear
from archspec.spec.mixers.heads import Headed
from archspec.spec.norms import LayerNorm, NoNorm, Norm
from archspec.spec.place import Grid, Place, Scope
from archspec.spec.values import Count, OrNone


class SpatialReductionAttention(Headed):
    """Every token looks at a map that a strided convolution, or pooling to a fixed size, has made smaller."""

    kind: Literal["spatial_reduction_attention"] = "spatial_reduction_attention"
    head_dim: Count = Field(64, description="width of a head; heads × head_dim may differ from the stage's width")
    reduction: Count = Field(1, description="kernel and stride of the convolution; with 1 all tokens are looked at")
    pool_size: OrNone[Count] = Field(
        None, description="side of the map that is pooled to in place of `reduction`, as PVTv2's linear form does"
    )
    norm: Norm = Field(LayerNorm(eps=1e-5), description="norm of the smaller map")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Smaller maps of both kinds."""
        yield from super().examples()
        yield cls(reduction=2, head_dim=16)
        yield cls(reduction=3, bias=("linear",))
        yield cls(pool_size=3)

    def resolve(self, scope: Scope) -> Any:
        """A fixed size leaves nothing for the reduction to say, and a map left as it is nothing for the norm."""
        mixer = super().resolve(scope)
        if self.pool_size:
            return mixer._changed({"reduction": 1})
        return mixer if self.reduction > 1 else mixer._changed({"norm": NoNorm()})

    @property
    def reduces(self) -> bool:
        """Whether there is a smaller map at all."""
        return self.reduction > 1 or self.pool_size is not None

    @property
    def on_grid(self) -> bool:
        """A map is made smaller; all tokens together are only a sequence."""
        return self.reduces

    def smaller(self, grid: Grid) -> Grid:
        """The grid that is looked at."""
        if self.pool_size:
            return self.pool_size, self.pool_size
        return grid[0] // self.reduction, grid[1] // self.reduction

    def coarse(self, at: Place) -> Place:
        """Where the tokens stand that are looked at."""
        return at._replace(grid=self.smaller(at.grid), native=self.smaller(at.native))

    def parts(self, at: Place) -> Iterator[Part]:
        """The norm of the smaller map."""
        yield Part("norm", self.norm, self.coarse(at))

    def cost(self, at: Place) -> Cost:
        """Queries; the smaller map, its keys and values; the two products; the projection."""
        inner, bias, keys = self.inner(at), "linear" in self.bias, self.coarse(at).tokens
        layers = (
            linear(at.dim, inner, at.tokens, bias=bias)
            + self.reducing(at)
            + linear(at.dim, 2 * inner, keys, bias=bias)
            + self.products(at, keys)
            + linear(inner, at.dim, at.tokens, bias=bias)
        )
        return layers._replace(activations=self.kept(at))

    def reducing(self, at: Place) -> Cost:
        """The convolution, of what was pooled or of the whole map."""
        if not self.reduces:
            return Cost()
        after = self.smaller(at.grid)
        before = after if self.pool_size else at.grid
        return conv(at.dim, at.dim, self.reduction, before, after, bias="conv" in self.bias)

    def kept(self, at: Place) -> int:
        """Numbers kept: the tokens, those that are looked at where they are others, queries, keys, values, the result.

        The linear form also keeps what is pooled and what the gelu is given.
        """
        keys = self.coarse(at).tokens
        looked_at = at.dim * keys * (3 if self.pool_size else 1 if self.reduces else 0)
        return at.dim * at.tokens + looked_at + 2 * self.inner(at) * (at.tokens + keys)

    def check(self, at: Place) -> Iterator[Complaint]:
        """Something is left of the map."""
        if min(self.smaller(at.grid)) < 1:
            rows, columns = at.grid
            message = f"nothing is left of a {rows}×{columns} map that is made {self.reduction} times smaller"
            yield Complaint("reduction", message, f"at most {min(at.grid)}, or a larger `input.size`")
