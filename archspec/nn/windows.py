"""What every token of a map makes of the window around it, without ever copying windows.

A window of k × k is k² shifts of the whole map. `dots` multiplies every token with those of its window, `sums` adds up
its window's tokens by weights; each is the other's gradient, and a shift the other way round gives the third.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from archspec.spec.place import Grid

Cut = tuple[slice, slice]


def dots(q: Tensor, k: Tensor, grid: Grid, size: int) -> Tensor:
    """Two of (B, heads, N, D) → (B, heads, N, size²): zero where a window reaches beyond the map."""
    if torch.compiler.is_compiling():
        q_map = _on(q, grid)
        products = [(q_map * shifted).sum(-1) for shifted in _shifts(k, grid, size)]
        return torch.stack(products, -1).flatten(2, 3)
    y: Tensor = _Dots.apply(q, k, grid, size)
    return y


def sums(w: Tensor, v: Tensor, grid: Grid, size: int) -> Tensor:
    """(B, heads, N, size²) and (B, heads, N, D) → (B, heads, N, D)."""
    if torch.compiler.is_compiling():
        weights = _on(w, grid).unsqueeze(-1).unbind(-2)
        weighted = [weight * shifted for weight, shifted in zip(weights, _shifts(v, grid, size), strict=True)]
        return reduce(torch.add, weighted).flatten(2, 3)
    y: Tensor = _Sums.apply(w, v, grid, size)
    return y


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def outside(grid: Grid, size: int, like: Tensor) -> Tensor:
    """0 where a place of a token's window is on the map, -∞ where it is beyond: (N, size²)."""
    rows, columns = (_places(side, size, like.device) for side in grid)
    on_map = rows[:, None, :, None] & columns[None, :, None, :]
    return like.new_zeros(()).where(on_map, float("-inf")).view(grid[0] * grid[1], size * size)


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def counts(grid: Grid, size: int, like: Tensor) -> Tensor:
    """How many places of a token's window are on the map: (N,)."""
    rows, columns = (_places(side, size, like.device).sum(1) for side in grid)
    return torch.outer(rows, columns).flatten().to(like.dtype)


def _on(x: Tensor, grid: Grid) -> Tensor:
    """(B, heads, N, D) → (B, heads, rows, columns, D), a view."""
    return x.view(*x.shape[:2], *grid, x.shape[3])


def _places(side: int, size: int, device: torch.device) -> Tensor:
    """Whether the places of a window along a side are on it: (side, size)."""
    places = torch.arange(side, device=device)[:, None] + torch.arange(size, device=device) - size // 2
    return (places >= 0) & (places < side)


def _shifts(x: Tensor, grid: Grid, size: int) -> list[Tensor]:
    """The map as every place of the windows sees it, with zeros beyond: views (B, heads, rows, columns, D)."""
    half, (rows, columns) = size // 2, grid
    padded = F.pad(_on(x, grid), (0, 0, half, half, half, half))
    return [padded[:, :, y : y + rows, z : z + columns] for y in range(size) for z in range(size)]


def _cuts(grid: Grid, size: int) -> Iterator[tuple[int, Cut, Cut]]:
    """The places of a window that some token has: which, the tokens that have it, and the tokens that stand there."""
    for place in range(size * size):
        along = [_cut(side, step - size // 2) for side, step in zip(grid, divmod(place, size), strict=True)]
        if all(along):
            (rows, rows_there), (columns, columns_there) = along
            yield place, (rows, columns), (rows_there, columns_there)


def _cut(side: int, shift: int) -> tuple[slice, ...]:
    """Along one side: the tokens that have another so far away, and those others; nothing where there are none."""
    if abs(shift) >= side:
        return ()
    return slice(max(0, -shift), side - max(0, shift)), slice(max(0, shift), side + min(0, shift))


def _dots(q: Tensor, k: Tensor, grid: Grid, size: int) -> Tensor:
    q, k = _on(q, grid), _on(k, grid)
    y = q.new_zeros(*q.shape[:-1], size * size)
    for place, (rows, columns), (rows_there, columns_there) in _cuts(grid, size):
        products = q[:, :, rows, columns] * k[:, :, rows_there, columns_there]
        y[:, :, rows, columns, place] = products.sum(-1)
    return y.flatten(2, 3)


def _sums(w: Tensor, v: Tensor, grid: Grid, size: int, *, back: bool = False) -> Tensor:
    """`back` brings what tokens have to the tokens that they have it from."""
    w, v = _on(w, grid).unsqueeze(-1), _on(v, grid)
    y = v.new_zeros(v.shape)
    for place, (rows, columns), (rows_there, columns_there) in _cuts(grid, size):
        weights = w[:, :, rows, columns, place]
        if back:
            y[:, :, rows_there, columns_there].addcmul_(weights, v[:, :, rows, columns])
        else:
            y[:, :, rows, columns].addcmul_(weights, v[:, :, rows_there, columns_there])
    return y.flatten(2, 3)


class _Dots(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, grid: Grid, size: int) -> Tensor:
        ctx.save_for_backward(q, k)
        ctx.window = grid, size
        return _dots(q, k, grid, size)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        q, k = ctx.saved_tensors
        return _sums(grad, k, *ctx.window), _sums(grad, q, *ctx.window, back=True), None, None


class _Sums(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, w: Tensor, v: Tensor, grid: Grid, size: int) -> Tensor:
        ctx.save_for_backward(w, v)
        ctx.window = grid, size
        return _sums(w, v, grid, size)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        w, v = ctx.saved_tensors
        return _dots(grad, v, *ctx.window), _sums(w, grad, *ctx.window, back=True), None, None
