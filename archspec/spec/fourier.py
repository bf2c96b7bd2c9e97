"""Which way long convolutions are computed, of what sizes transforms are, and what is kept for the backward pass."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import log2, prod

Sides = Sequence[int]
DIRECT_IN_TRAINING, DIRECT_IN_EVALUATION = 4, 32
"""How many products of a direct convolution take the time of one point of a transform, times its logarithm, on a CPU:
with gradients for tokens and filter, and without. Elsewhere the first is used throughout."""
PRIMES = (2, 3, 5, 7)
"""The factors of sizes whose transforms are fast."""


@cache
def fast_size(least: int) -> int:
    """The least even number not below another that has small prime factors alone."""
    size = least + least % 2
    while not is_fast(size):
        size += 2
    return size


def is_fast(size: int) -> bool:
    """Whether its prime factors are small."""
    for prime in PRIMES:
        while size % prime == 0:
            size //= prime
    return size == 1


def origin(side: int, causal: bool) -> int:
    """The tap that a token meets itself with."""
    return 0 if causal else side // 2


def reached(side: int, own: int, causal: bool) -> range:
    """The taps along an axis that any token of a grid can reach."""
    centre = origin(side, causal)
    return range(max(0, centre - own + 1), min(side, centre + own))


def sizes_for(grid: Sides, sides: Sides, causal: bool) -> tuple[int, ...]:
    """Half circles: what wraps around one does not reach the grid."""
    needed = (own + side - 1 - origin(side, causal) for own, side in zip(grid, sides, strict=True))
    return tuple(fast_size((circle + 1) // 2) for circle in needed)


def transforms(grid: Sides, sides: Sides, causal: bool, least: float) -> tuple[int, ...]:
    """The sizes of transforms, or none where multiplying each token by each tap takes less time."""
    points = 2 ** len(grid) * prod(sizes_for(grid, sides, causal=False))
    is_direct = prod(grid) * prod(sides) <= least * points * log2(points)
    return () if is_direct else sizes_for(grid, sides, causal)


def numbers_kept(grid: Sides, sides: Sides, causal: bool = False) -> int:
    """What is kept of each channel of an image: the tokens, or the transforms, of two numbers a point."""
    near = [len(reached(side, own, causal)) for side, own in zip(sides, grid, strict=True)]
    sizes = transforms(grid, near, causal, DIRECT_IN_TRAINING)
    return 2 ** len(sizes) * prod(sizes) if sizes else prod(grid)
