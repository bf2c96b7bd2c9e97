"""Depthwise convolutions with filters as large as what they convolve: by Fourier transforms, or directly where it wins.

They are true convolutions, with zeros around maps and filter. The transforms are no larger than it takes for what
wraps around to fall outside the grid, and rounded up to sizes that are fast; rows known to be zero, or not asked for,
are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2, prod
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

Sides = Sequence[int]
DIRECT_IN_TRAINING, DIRECT_IN_EVALUATION = 4, 32
"""How many products of a direct convolution take the time of one point of a transform, times its logarithm, on a CPU:
with gradients for tokens and filter, and without. Elsewhere the first is used throughout."""


CACHED = 2**18
"""How many numbers of padded maps are transformed at a time on a CPU."""


def fast_size(least: int) -> int:
    """The smallest even number not below another with no prime factor above 7."""
    size = max(2, least + least % 2)
    while _rough(size) > 1:
        size += 2
    return size


def _rough(number: int) -> int:
    """What is left of a number without its prime factors up to 7."""
    for prime in (2, 3, 5, 7):
        while number % prime == 0:
            number //= prime
    return number


def convolve(x: Tensor, taps: Tensor, causal: bool = False) -> Tensor:
    """Maps (B, C, *grid) and filters (C, *sides) → maps (B, C, *grid); a causal filter begins at its first tap."""
    taps = within_reach(taps, x.shape[2:], causal)
    if is_direct(x.shape[2:], taps.shape[1:], DIRECT_IN_TRAINING):
        return directly(x, flipped(taps), causal)
    sizes = sizes_for(x.shape[2:], taps.shape[1:], causal)
    if torch.compiler.is_compiling():
        return brought_back(spectrum_of(x, sizes) * filter_spectrum(taps, sizes, causal), x.shape[2:], sizes)
    y: Tensor = _ByTransforms.apply(x, taps, sizes, causal)
    return y


def within_reach(taps: Tensor, grid: Sides, causal: bool) -> Tensor:
    """The taps that any token of the grid can reach."""
    for axis, side in enumerate(grid, 1):
        centre = _origin(taps.shape[axis], causal)
        first, last = max(0, centre - side + 1), min(taps.shape[axis], centre + side)
        taps = taps.narrow(axis, first, last - first)
    return taps


def is_direct(grid: Sides, sides: Sides, least: float) -> bool:
    """Whether multiplying each token by each tap takes less time than transforms."""
    points = prod(sizes_for(grid, sides, causal=False))
    return prod(grid) * prod(sides) <= least * points * log2(points)


def _origin(side: int, causal: bool) -> int:
    """The tap that a token meets itself with."""
    return 0 if causal else side // 2


def sizes_for(grid: Sides, sides: Sides, causal: bool) -> tuple[int, ...]:
    """Transforms in which what wraps around does not reach the grid."""
    return tuple(fast_size(own + side - 1 - _origin(side, causal)) for own, side in zip(grid, sides, strict=True))


def spectrum_of(x: Tensor, sizes: Sides, room: Tensor | None = None) -> Tensor:
    """The transform of real maps with zeros beside them, rows of which are left out; of columns by rows, if both.

    `room` has such zeros already, and saves making them.
    """
    if room is not None:
        room = room[: len(x)]
        room[..., : x.shape[-1]] = x
    y: Tensor = torch.fft.rfft(x if room is None else room, n=sizes[-1])
    return y if len(sizes) == 1 else torch.fft.fft(y.transpose(-1, -2).contiguous(), n=sizes[0])


def brought_back(y: Tensor, grid: Sides, sizes: Sides) -> Tensor:
    """The corner of the inverse transform as large as the grid; rows outside it are left out."""
    if len(sizes) > 1:
        y = torch.fft.ifft(y)[..., : grid[0]].transpose(-1, -2)
    real: Tensor = torch.fft.irfft(y, n=sizes[-1])
    return real[..., : grid[-1]]


def filter_spectrum(taps: Tensor, sizes: Sides, causal: bool) -> Tensor:
    """The transform of filters, turned so that a token meets itself in the corner."""
    axes = tuple(range(1, taps.ndim))
    padding = [zeros for side, size in zip(taps.shape[:0:-1], sizes[::-1], strict=True) for zeros in (0, size - side)]
    turns = tuple(-_origin(side, causal) for side in taps.shape[1:])
    return spectrum_of(F.pad(taps, padding).roll(turns, axes), sizes)


def through_spectrum(x: Tensor, filters: Tensor, sizes: Sides) -> Tensor:
    """Maps convolved with filters of known transform, laid out as tokens (B, *grid, C) and seen as (B, C, *grid)."""
    grid = x.shape[2:]
    y = x.new_empty(x.shape[0], *grid, x.shape[1]).movedim(-1, 1)
    room = _room(x, sizes)
    for some, into in zip(*(torch.split(maps, len(room)) for maps in (x, y)), strict=True):
        into.copy_(brought_back(spectrum_of(some, sizes, room).mul_(filters), grid, sizes))
    return y


def _room(x: Tensor, sizes: Sides) -> Tensor:
    """Rows of zeros, for all images or, on a CPU, for as many at a time as stay in its cache with their transforms."""
    images = max(1, CACHED // (x.shape[1] * prod(sizes))) if x.is_cpu else len(x)
    return x.new_zeros(min(images, len(x)), *x.shape[1:-1], sizes[-1])


class _ByTransforms(torch.autograd.Function):
    """Keeps the maps, not their transforms, which are several times as large."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, taps: Tensor, sizes: Sides, causal: bool) -> Tensor:
        filters = filter_spectrum(taps, sizes, causal)
        ctx.save_for_backward(x, filters)
        ctx.sizes, ctx.sides = sizes, taps.shape[1:]
        ctx.origins = tuple(_origin(side, causal) for side in taps.shape[1:])
        return through_spectrum(x, filters, sizes)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        x, filters = ctx.saved_tensors
        of_x, together, room = torch.empty_like(x), torch.zeros_like(filters), _room(x, ctx.sizes)
        for some, above, below in zip(*(torch.split(maps, len(room)) for maps in (x, grad, of_x)), strict=True):
            spectrum = spectrum_of(above, ctx.sizes, room)
            if ctx.needs_input_grad[1]:
                together += (spectrum_of(some, ctx.sizes, room).conj() * spectrum).sum(0)
            if ctx.needs_input_grad[0]:
                below.copy_(brought_back(spectrum.mul_(filters.conj()), grad.shape[2:], ctx.sizes))
        axes = tuple(range(1, x.ndim - 1))
        of_taps = brought_back(together, ctx.sizes, ctx.sizes).roll(ctx.origins, axes)
        for axis, side in enumerate(ctx.sides, 1):
            of_taps = of_taps.narrow(axis, 0, side)
        return of_x, of_taps, None, None


def flipped(taps: Tensor) -> Tensor:
    """Filters as torch's convolutions take them: (C, 1, rows, columns), each the other way round."""
    weight = taps.flip(tuple(range(1, taps.ndim))).unsqueeze(1)
    return weight.unsqueeze(2) if taps.ndim == 2 else weight


def directly(x: Tensor, weight: Tensor, causal: bool) -> Tensor:
    """Torch's own convolution; along a line as on a map of one row, which keeps the order of tokens in memory."""
    maps = x.unsqueeze(2) if x.ndim == 3 else x
    padding = [side - 1 if causal and side > 1 else side // 2 for side in weight.shape[2:]]
    y = F.conv2d(maps, weight, padding=padding, groups=len(weight))
    y = y.narrow(3, 0, maps.shape[3])
    return y.squeeze(2) if x.ndim == 3 else y
