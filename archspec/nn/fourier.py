"""Depthwise convolutions with filters as large as what they convolve: by Fourier transforms, or directly where it wins.

They are true convolutions, with zeros around maps and filter. The transforms are no larger than it takes for what
wraps around to fall outside the grid, and rounded up to sizes that are fast; rows known to be zero, or not asked for,
are left out.
"""

from __future__ import annotations

from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from archspec.spec.fourier import DIRECT_IN_TRAINING, Sides, origin, reached, transforms

CACHED = 2**18
"""How many numbers of padded maps are transformed at a time on a CPU."""


def convolve(x: Tensor, taps: Tensor, causal: bool = False) -> Tensor:
    """Maps (B, C, *grid) and filters (C, *sides) → maps (B, C, *grid); a causal filter begins at its first tap."""
    taps = within_reach(taps, x.shape[2:], causal)
    sizes = planned(x.shape[2:], taps.shape[1:], causal, DIRECT_IN_TRAINING)
    if not sizes:
        return directly(x, flipped(taps), causal)
    if torch.compiler.is_compiling():
        return brought_back(spectrum_of(x, sizes) * filter_spectrum(taps, sizes, causal), x.shape[2:], sizes)
    y: Tensor = _ByTransforms.apply(x, taps, sizes, causal)
    return y


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def planned(grid: Sides, sides: Sides, causal: bool, least: float) -> tuple[int, ...]:
    """The sizes of transforms, or none where the convolution is direct."""
    return transforms(grid, sides, causal, least)


def within_reach(taps: Tensor, grid: Sides, causal: bool) -> Tensor:
    """The taps that any token of the grid can reach."""
    for axis, side in enumerate(grid, 1):
        near = reached(taps.shape[axis], side, causal)
        taps = taps.narrow(axis, near.start, len(near))
    return taps


def spectrum_of(x: Tensor, sizes: Sides) -> Tensor:
    """The transform of maps with zeros beside them, rows of which are left out; of columns by rows, if both.

    Half of the transform of real maps says everything, and is all there is of it.
    """
    y: Tensor = torch.fft.fft(x, n=sizes[-1]) if x.is_complex() else torch.fft.rfft(x, n=sizes[-1])
    return y if len(sizes) == 1 else torch.fft.fft(y.transpose(-1, -2), n=sizes[0])


def brought_back(y: Tensor, grid: Sides, sizes: Sides, *, pairs: bool = False) -> Tensor:
    """The corner of the inverse transform as large as the grid; rows outside it are left out. Pairs are complex."""
    if len(sizes) > 1:
        y = torch.fft.ifft(y)[..., : grid[0]].transpose(-1, -2)
    x: Tensor = torch.fft.ifft(y) if pairs else torch.fft.irfft(y, n=sizes[-1])
    return x[..., : grid[-1]]


def filter_spectrum(taps: Tensor, sizes: Sides, causal: bool) -> Tensor:
    """The transform of filters, turned so that a token meets itself in the corner."""
    for axis, (side, size) in enumerate(zip(taps.shape[1:], sizes, strict=True), 1):
        before, after = torch.split(taps, [origin(side, causal), side - origin(side, causal)], axis)
        zeros = taps.new_zeros(*taps.shape[:axis], size - side, *taps.shape[axis + 1 :])
        taps = torch.cat([after, zeros, before], axis)
    return spectrum_of(taps, sizes)


def through_spectrum(x: Tensor, filters: Tensor, sizes: Sides) -> Tensor:
    """Maps convolved with filters of known transform, laid out as tokens (B, *grid, C) and seen as (B, C, *grid)."""
    y, count = _laid_out(x), _at_a_time(x, sizes)
    for some, into in zip(torch.split(x, count), torch.split(y, count), strict=True):
        into.copy_(brought_back(spectrum_of(some, sizes).mul_(filters), x.shape[2:], sizes))
    return y


def _laid_out(x: Tensor) -> Tensor:
    """Room for maps, laid out as tokens."""
    return x.new_empty(x.shape[0], *x.shape[2:], x.shape[1]).movedim(-1, 1)


def _at_a_time(x: Tensor, sizes: Sides, step: int = 1) -> int:
    """How many images are transformed together: on a CPU, as many as stay in its cache with their transforms."""
    return step * max(1, CACHED // (step * x.shape[1] * prod(sizes))) if x.is_cpu else max(1, len(x))


class _ByTransforms(torch.autograd.Function):
    """Keeps the transforms of maps, so that gradients take as many transforms again and no more.

    Filters are real, so two images are the parts of one complex map: its transform takes less time than two.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, taps: Tensor, sizes: Sides, causal: bool) -> Tensor:
        ctx.sizes, ctx.causal, ctx.sides = sizes, causal, taps.shape[1:]
        ctx.pairs = x.is_cpu and len(x) % 2 == 0
        filters, spectra, y = filter_spectrum(taps + 0j if ctx.pairs else taps, sizes, causal), [], _laid_out(x)
        count = _at_a_time(x, sizes, 1 + ctx.pairs)
        for some, into in zip(torch.split(x, count), torch.split(y, count), strict=True):
            spectra.append(spectrum_of(_joined(some) if ctx.pairs else some, sizes))
            _put(brought_back(spectra[-1] * filters, x.shape[2:], sizes, pairs=ctx.pairs), into)
        ctx.save_for_backward(filters, *spectra)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        filters, *spectra = ctx.saved_tensors
        of_x, together, count = _laid_out(grad), torch.zeros_like(filters), _at_a_time(grad, ctx.sizes, 1 + ctx.pairs)
        for spectrum, above, below in zip(spectra, torch.split(grad, count), torch.split(of_x, count), strict=True):
            against = spectrum_of(_joined(above) if ctx.pairs else above, ctx.sizes).conj_physical_()
            for one, other in zip(spectrum, against, strict=True):
                together.addcmul_(one, other)
            _put(
                brought_back(against.mul_(filters).conj_physical_(), grad.shape[2:], ctx.sizes, pairs=ctx.pairs), below
            )
        of_taps = brought_back(together.conj_physical_(), ctx.sizes, ctx.sizes, pairs=ctx.pairs)
        return of_x, _turned_back(of_taps.real if ctx.pairs else of_taps, ctx.sides, ctx.causal), None, None


def _joined(x: Tensor) -> Tensor:
    """Images in twos, as the parts of complex maps."""
    return torch.complex(x[0::2], x[1::2])


def _put(y: Tensor, into: Tensor) -> None:
    """Images, or such as were joined, where they belong."""
    if not y.is_complex():
        into.copy_(y)
        return
    into[0::2].copy_(y.real)
    into[1::2].copy_(y.imag)


def _turned_back(y: Tensor, sides: Sides, causal: bool) -> Tensor:
    """What stands where `filter_spectrum` turned filters to, as filters."""
    for axis, side in enumerate(sides, 1):
        before = origin(side, causal)
        parts = y.narrow(axis, y.shape[axis] - before, before), y.narrow(axis, 0, side - before)
        y = torch.cat(parts, axis)
    return y


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
