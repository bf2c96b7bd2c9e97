"""Which way long convolutions are computed, of what sizes transforms are, and what is kept for the backward pass."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import inf, log2, prod

Sides = Sequence[int]
DIRECT_IN_TRAINING, DIRECT_IN_EVALUATION = 4, 32
"""How many products of a direct convolution take the time of one point of a transform, times its logarithm, on a CPU:
with gradients for tokens and filter, and without. Elsewhere the first is used throughout."""
PASSES, ONCE = {2: 1.0, 3: 2.3, 5: 3.6, 7: 5.7}, 16.0
"""What a prime factor of a transform's size adds to the time for each point, and all that is done besides, on a CPU."""


@cache
def fast_size(least: int) -> int:
    """The even number not below another whose transforms take the least time, if its prime factors are small.

    The search ends where even a power of two as large would take longer.
    """
    size = max(2, least + least % 2)
    best, lowest = size, inf
    while size * (ONCE + log2(size)) < lowest:
        time = size * (ONCE + passes(size))
        if time < lowest:
            best, lowest = size, time
        size += 2
    return best


def passes(size: int) -> float:
    """How long a transform takes for each of its points."""
    time = 0.0
    for prime, takes in PASSES.items():
        while size % prime == 0:
            size, time = size // prime, time + takes
    return time if size == 1 else inf


def origin(side: int, causal: bool) -> int:
    """The tap that a token meets itself with."""
    return 0 if causal else side // 2


def reached(side: int, own: int, causal: bool) -> range:
    """The taps along an axis that any token of a grid can reach."""
    centre = origin(side, causal)
    return range(max(0, centre - own + 1), min(side, centre + own))


def sizes_for(grid: Sides, sides: Sides, causal: bool) -> tuple[int, ...]:
    """Transforms in which what wraps around does not reach the grid."""
    return tuple(fast_size(own + side - 1 - origin(side, causal)) for own, side in zip(grid, sides, strict=True))


def transforms(grid: Sides, sides: Sides, causal: bool, least: float) -> tuple[int, ...]:
    """The sizes of transforms, or none where multiplying each token by each tap takes less time."""
    points = prod(sizes_for(grid, sides, causal=False))
    is_direct = prod(grid) * prod(sides) <= least * points * log2(points)
    return () if is_direct else sizes_for(grid, sides, causal)


def numbers_kept(grid: Sides, sides: Sides, causal: bool = False) -> int:
    """What is kept of each channel of an image: the tokens, or the transform of two images by two numbers a point."""
    near = [len(reached(side, own, causal)) for side, own in zip(sides, grid, strict=True)]
    return prod(transforms(grid, near, causal, DIRECT_IN_TRAINING) or grid)
