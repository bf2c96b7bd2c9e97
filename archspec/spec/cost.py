"""What parts cost, in closed form.

`macs` counts the multiply-accumulates of convolutions, linear layers, products of tokens and recurrences; norms,
activations, pooling and elementwise products are free. `activations` counts the numbers kept for the backward pass
of one image: every operation keeps its inputs, and what two operations share is counted once. What is made of weights
alone, as the filters of long convolutions are, counts among the `macs` of every image, and not among what it keeps.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from archspec.spec.place import Grid


class Cost(NamedTuple):
    """Trainable and frozen parameters, multiply-accumulates, and numbers kept for the backward pass, for one image."""

    params: int = 0
    frozen_params: int = 0
    macs: int = 0
    activations: int = 0

    def __add__(self, other: tuple[int, ...]) -> Cost:  # type: ignore[override]
        return Cost(self[0] + other[0], self[1] + other[1], self[2] + other[2], self[3] + other[3])

    def __mul__(self, times: int) -> Cost:  # type: ignore[override]
        return Cost(self[0] * times, self[1] * times, self[2] * times, self[3] * times)

    def __rmul__(self, times: int) -> Cost:  # type: ignore[override]
        return self * times


def linear(inputs: int, outputs: int, tokens: int, *, bias: bool) -> Cost:
    """A linear layer on every token; it keeps its input."""
    weights = inputs * outputs
    return Cost(weights + outputs * bias, 0, weights * tokens, inputs * tokens)


def conv(inputs: int, outputs: int, kernel: int, before: Grid, after: Grid, *, groups: int = 1, bias: bool) -> Cost:
    """A two-dimensional convolution from one grid to another; it keeps its input."""
    weights = inputs // groups * outputs * kernel * kernel
    kept = inputs * before[0] * before[1]
    return Cost(weights + outputs * bias, 0, weights * after[0] * after[1], kept)


def depthwise(dim: int, kernel: int, grid: Grid, *, bias: bool) -> Cost:
    """A depthwise convolution that keeps the grid."""
    return conv(dim, dim, kernel, grid, grid, groups=dim, bias=bias)


def transformed(dim: int, sizes: tuple[int, ...]) -> Cost:
    """A convolution by Fourier transforms of some sizes: of tokens, of the filter, and back.

    A transform of real numbers counts its outputs times the logarithm of how many there are a channel.
    """
    points = math.prod(sizes)
    half = points // sizes[-1] * (sizes[-1] // 2 + 1)
    return Cost(macs=round(dim * (2 * half * math.log2(half) + points * math.log2(points))))


def vector(dim: int, count: int = 1) -> Cost:
    """Learned vectors."""
    return Cost(params=dim * count)


def kept(numbers: int) -> Cost:
    """Numbers kept for the backward pass."""
    return Cost(activations=numbers)
