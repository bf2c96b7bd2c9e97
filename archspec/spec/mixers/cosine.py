"""What TransNeXt's two attentions share: cosines in place of products, with a learned and length-aware scale."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from pydantic import Field

from archspec.spec.cost import Cost, linear, vector
from archspec.spec.mixers.heads import Headed
from archspec.spec.place import Grid, Place
from archspec.spec.values import Count, Flag

HIDDEN = 512
"""The width of the little network that turns distances into biases."""


class Cosine(Headed):
    """softmax(τ·log(keys)·cos(q, k) + bias), where τ is learned head by head and starts at 1 / 0.24."""

    head_dim: Count = Field(24, description="width of a head; heads × head_dim may differ from the stage's width")
    query_embedding: Flag = Field(True, description="a learned query is added to every query of a head")
    length_scaling: Flag = Field(
        True, description="the scale follows the number of keys; else it starts as if that number never changed"
    )
    position_bias: Flag = Field(True, description="a bias by distance, log-spaced, so that it carries over to any size")

    def own(self, at: Place) -> Cost:
        """The scales, and the queries added."""
        return vector(self.heads(at)) + vector(self.inner(at)) * self.query_embedding

    def compared(self, at: Place, keys: int) -> int:
        """Numbers kept of queries and so many keys: as they come, their lengths before and after a bound, scaled."""
        return (3 * at.tokens + 2 * keys) * self.inner(at) + 2 * (at.tokens + keys) * self.heads(at)

    def biases(self, at: Place, keys: Grid) -> Cost:
        """The little network, run once for every distance between a token of the grid and one of some keys."""
        if not self.position_bias:
            return Cost()
        rows, columns = (len(distances(side, count).values) for side, count in zip(at.grid, keys, strict=True))
        layers = linear(2, HIDDEN, rows * columns, bias=True) + linear(
            HIDDEN, self.heads(at), rows * columns, bias=True
        )
        return layers._replace(activations=0)


class Distances(NamedTuple):
    """The distances along a side, doubled: each once and in order, and which of them is whose."""

    values: tuple[int, ...]
    places: tuple[tuple[int, ...], ...]
    """The place among the values of every query's distance to every key."""


@lru_cache(maxsize=1024)
def distances(side: int, keys: int) -> Distances:
    """From the tokens of a side to the centres of the bins that adaptive pooling makes of it."""
    centres = [key * side // keys - (-(key + 1) * side // keys) - 1 for key in range(keys)]
    table = [[2 * query - centre for centre in centres] for query in range(side)]
    values = sorted({distance for row in table for distance in row})
    places = {distance: place for place, distance in enumerate(values)}
    return Distances(tuple(values), tuple(tuple(places[distance] for distance in row) for row in table))
