"""Depthwise convolutions with filters as large as what they convolve: by Fourier transforms, or directly where it wins.

They are true convolutions, with zeros around maps and filter. What is multiplied lies on circles just long enough for
what wraps around to fall outside the grid, commonly of twice its sides. No transform is longer than half a circle, so
that zeros are not: along rows, numbers half a circle apart become the parts of a complex one; along columns,
their sum and their difference are transformed, each for itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from archspec.spec.fourier import DIRECT_IN_TRAINING, Sides, origin, reached, transforms

CACHED = 2**17
"""How many complex numbers are transformed at a time on a CPU."""


def convolve(x: Tensor, taps: Tensor, causal: bool = False) -> Tensor:
    """Maps (B, C, *grid) and filters (C, *sides) → maps (B, C, *grid); a causal filter begins at its first tap."""
    taps = within_reach(taps, x.shape[2:], causal)
    sizes = planned(x.shape[2:], taps.shape[1:], causal, DIRECT_IN_TRAINING)
    if not sizes:
        return directly(x, flipped(taps), causal)
    if torch.compiler.is_compiling():
        circles, places = circles_for(sizes, x), places_of_maps(x.shape[2:], sizes)
        both = zip(spectra(x, circles, places), filter_spectra(taps, circles, causal), strict=True)
        return brought_back([one * other for one, other in both], circles, places)
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


class Circle(NamedTuple):
    """Half of a circle along one axis."""

    size: int
    turns: Tensor
    """What numbers are multiplied with before the transform, so that the other half continues them."""
    back: Tensor
    """What undoes it."""


def circles_for(sizes: Sides, like: Tensor) -> list[Circle]:
    """Along columns, where there are any, and along rows: places are turned up to half around, and a quarter."""
    found = []
    for axis, size in enumerate(sizes, 1 - len(sizes)):
        angles = torch.arange(size, device=like.device, dtype=like.dtype) * (math.pi / (1 if axis else 2) / size)
        turns = torch.polar(torch.ones_like(angles), angles).view(size, *(1,) * -axis)
        found.append(Circle(size, turns.conj().resolve_conj(), turns if axis else turns / 2 ** (len(sizes) - 1)))
    return found


def places_of_maps(grid: Sides, sizes: Sides) -> list[range]:
    """Where maps lie on circles: from the beginning on, or before it if they are longer than half of one."""
    return [range(min(0, size - own), min(size, own)) for own, size in zip(grid, sizes, strict=True)]


def places_of_taps(sides: Sides, causal: bool) -> list[range]:
    """Where filters lie, so that a token meets itself at the beginning."""
    return [range(-origin(side, causal), side - origin(side, causal)) for side in sides]


def spectra(x: Tensor, circles: Sequence[Circle], places: Sequence[range]) -> list[Tensor]:
    """The transforms of real maps that lie at some places of circles, with zeros elsewhere."""
    *columns, (size, turns, _) = circles
    near, far = _halves(x, -1, size, places[-1])
    # Transforms take what is contiguous, and tokens are not, seen as maps.
    z = near.to(turns.dtype, memory_format=torch.contiguous_format) if far is None else torch.complex(near, far)
    y = torch.fft.fft(z.mul_(turns[: z.shape[-1]]), n=size)
    if not columns:
        return [y]
    size, turns, _ = columns[0]
    near, far = _halves(y, -2, size, places[0])
    total = torch.fft.fft(near if far is None else near + far, n=size, dim=-2)
    difference = (near if far is None else near - far).mul_(turns[: near.shape[-2]])
    return [total, torch.fft.fft(difference, n=size, dim=-2)]


def brought_back(parts: list[Tensor], circles: Sequence[Circle], places: Sequence[range]) -> Tensor:
    """What is at some places of the circles whose transforms these are."""
    *columns, (_, _, back) = circles
    z = parts[0]
    if columns:
        total, turned = (torch.fft.ifft(part, dim=-2) for part in parts)
        difference = turned.mul_(columns[0].back)
        z = _whole(total + difference, total - difference if places[0].start else None, -2, places[0])
    z = torch.fft.ifft(z).mul_(back)
    return _whole(z.real, z.imag, -1, places[-1])


def _halves(x: Tensor, axis: int, size: int, places: range) -> tuple[Tensor, Tensor | None]:
    """What is on the half of a circle behind its beginning, and on the half before, if anything is."""
    if not places.start:
        return x, None
    far, near = torch.split(x, [-places.start, places.stop], axis)
    return _padded(near, axis, 0, size), _padded(far, axis, size + places.start, size)


def _padded(x: Tensor, axis: int, start: int, size: int) -> Tensor:
    """x from a place on, with zeros before and behind."""
    around = start, size - start - x.shape[axis]
    return F.pad(x, (0, 0) * (-1 - axis) + around) if any(around) else x


def _whole(near: Tensor, far: Tensor | None, axis: int, places: range) -> Tensor:
    """What is at some places of both halves."""
    near = near.narrow(axis, 0, places.stop)
    if far is None or not places.start:
        return near
    return torch.cat([far.narrow(axis, far.shape[axis] + places.start, -places.start), near], axis)


def filter_spectra(taps: Tensor, circles: Sequence[Circle], causal: bool) -> list[Tensor]:
    """The transforms of filters."""
    return spectra(taps.contiguous(), circles, places_of_taps(taps.shape[1:], causal))


def through_spectra(x: Tensor, filters: list[Tensor], sizes: Sides) -> Tensor:
    """Maps convolved with filters of known transforms, laid out as tokens (B, *grid, C) and seen as (B, C, *grid)."""
    circles, places = circles_for(sizes, x), places_of_maps(x.shape[2:], sizes)
    y, count = _laid_out(x), _at_a_time(x, sizes)
    for some, into in zip(torch.split(x, count), torch.split(y, count), strict=True):
        products = [one.mul_(other) for one, other in zip(spectra(some, circles, places), filters, strict=True)]
        into.copy_(brought_back(products, circles, places))
    return y


def _laid_out(x: Tensor) -> Tensor:
    """Room for maps, laid out as tokens."""
    return x.new_empty(x.shape[0], *x.shape[2:], x.shape[1]).movedim(-1, 1)


def _at_a_time(x: Tensor, sizes: Sides) -> int:
    """How many images are transformed together: on a CPU, as many as stay in its cache with their transforms."""
    return max(1, CACHED // (x.shape[1] * prod(sizes))) if x.is_cpu else max(1, len(x))


class _ByTransforms(torch.autograd.Function):
    """Keeps the transforms of maps, so that gradients take as many transforms again and no more."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, taps: Tensor, sizes: Sides, causal: bool) -> Tensor:
        ctx.maps, ctx.taps = maps, _ = places_of_maps(x.shape[2:], sizes), places_of_taps(taps.shape[1:], causal)
        ctx.circles, y, count, kept = circles_for(sizes, x), _laid_out(x), _at_a_time(x, sizes), []
        filters = filter_spectra(taps, ctx.circles, causal)
        for some, into in zip(torch.split(x, count), torch.split(y, count), strict=True):
            own = spectra(some, ctx.circles, maps)
            products = [one * other for one, other in zip(own, filters, strict=True)]
            into.copy_(brought_back(products, ctx.circles, maps))
            kept += [one.conj_physical_() for one in own]
        ctx.count = count
        ctx.save_for_backward(*filters, *kept)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        number = 2 ** (len(ctx.circles) - 1)
        filters, kept = ctx.saved_tensors[:number], iter(ctx.saved_tensors[number:])
        against, together = [one.conj().resolve_conj() for one in filters], [torch.zeros_like(one) for one in filters]
        of_x = _laid_out(grad)
        for above, below in zip(torch.split(grad, ctx.count), torch.split(of_x, ctx.count), strict=True):
            own = spectra(above, ctx.circles, ctx.maps)
            for total, one, other in zip(together, own, kept, strict=False):
                for image, its in zip(one, other, strict=True):
                    total.addcmul_(image, its)
            products = [one.mul_(other) for one, other in zip(own, against, strict=True)]
            below.copy_(brought_back(products, ctx.circles, ctx.maps))
        return of_x, brought_back(together, ctx.circles, ctx.taps), None, None


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
