"""A little network that turns log-spaced distances on a grid into a bias per head, TransNeXt's.

To compilers it is one operation: they would look each bias up again for every image. What is hidden is not kept for the
backward pass: it is far larger than what it is made of.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from archspec.nn.precision import without_autocast
from archspec.spec.mixers import cosine as specs
from archspec.spec.place import Grid

REACH = 8
"""The distances along a side of the native grid, from end to end, before their logarithm is taken."""
LONG = 8
"""How many distances a line has for every head from where on sums along lines take less time than all their places."""


class PositionBias(nn.Module):
    """Distances are measured in parts of the native grid, so that a larger map goes on where the native one ends."""

    def __init__(self, heads: int, native: Grid) -> None:
        super().__init__()
        self.steps = [max(1, side - 1) for side in native]
        self.fc1 = nn.Linear(2, specs.HIDDEN)
        self.fc2 = nn.Linear(specs.HIDDEN, heads)

    def forward(self, grid: Grid, keys: Grid) -> Tensor:
        """The bias of every token of a grid towards every key: (heads, N, M)."""
        weights = self.fc1.weight, self.fc1.bias, self.fc2.weight, self.fc2.bias
        # What is exported is to run where nobody knows an operation of ours.
        run = biases if torch.compiler.is_exporting() else _operation
        y: Tensor = run(*weights, grid, keys, self.steps)
        return y


class Axis(NamedTuple):
    """The distances along one side of a grid."""

    spaced: Tensor
    """Each once and in order, as the network is given them."""
    values: tuple[int, ...]
    """The same, doubled, before they are spaced."""
    unit: float
    """What they are multiplied with before their logarithm is taken."""
    places: Tensor
    """The place among them of every token's distance to every key, token by token."""

    def before(self, spaced: Tensor, is_included: Tensor) -> Tensor:
        """How many of them come before what the network might be given, or up to that if it is included."""
        first, last = self.values[0], self.values[-1]
        doubled = spaced.sign() * (spaced.abs() * math.log(REACH)).expm1() / self.unit
        least = torch.where(is_included, doubled.floor() + 1, doubled.ceil())
        counts = torch.bucketize(torch.arange(first, last + 1), torch.tensor(self.values)).to(spaced.device)
        return counts[(least - first).clamp(0, last - first).long()]


def axis(side: int, keys: int, steps: int, like: Tensor) -> Axis:
    """From the tokens of a side to keys that pool it; so many steps lead from end to end of the native grid."""
    values, places = specs.distances(side, keys)
    unit = REACH / 2 / steps
    distance = torch.tensor(values, dtype=like.dtype, device=like.device) * unit
    spaced = distance.sign() * distance.abs().log1p() / math.log(REACH)
    return Axis(spaced, values, unit, torch.tensor(places, device=like.device).flatten())


class Lines(NamedTuple):
    """A hidden unit on a row of distances is relu(start + slope · column); the second layer makes biases of them."""

    start: Tensor
    """(R, H)."""
    slope: Tensor
    """(H,)."""
    w2: Tensor
    """(heads, H)."""
    columns: Axis

    @property
    def are_long(self) -> bool:
        """Whether sums along them take less time."""
        return len(self.columns.spaced) > LONG * len(self.w2)

    def biases(self) -> Tensor:
        """The second layer but for what it adds to all: (heads, R, C)."""
        if self.are_long:
            return self._summed_up()
        hidden = self._everywhere().relu_()
        return (self.w2 @ hidden.flatten(0, 1).mT).view(-1, *hidden.shape[:2])

    def gradients(self, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Those of starts, slopes and the second layer."""
        both = torch.stack([grad, grad * self.columns.spaced])
        of_weighted = self._gathered(both) if self.are_long else self._multiplied(both)
        of_start, of_slope = (of_weighted * self.w2.unsqueeze(1)).sum(1).unbind(0)
        return of_start, of_slope.sum(0), of_weighted.mul_(self._parts().unsqueeze(1)).sum((0, 2))

    def _parts(self) -> Tensor:
        """Starts and slopes of all units on all lines: (2, R, H)."""
        return torch.stack([self.start, self.slope.expand_as(self.start)])

    def _everywhere(self) -> Tensor:
        """All units at all places, before their relu: (R, C, H)."""
        return self.start[:, None] + self.columns.spaced[:, None] * self.slope

    def _multiplied(self, both: Tensor) -> Tensor:
        """For both parts, what reaches each unit while it speaks: (2, heads, R, C) → (2, heads, R, H)."""
        speaks = self._everywhere().gt_(0)
        reached = both.permute(2, 0, 1, 3).flatten(1, 2) @ speaks
        return reached.view(-1, *both.shape[:2], reached.shape[2]).permute(1, 2, 0, 3)

    def _turns(self) -> tuple[Tensor, Tensor, Tensor]:
        """Whether units speak at first, how that changes along the line, and in which column: three of (R, H).

        A unit falls silent or begins to speak but once on a line, since it is linear before its relu; at zero it is
        silent.
        """
        first, last = ((self.start + self.slope * self.columns.spaced[end] > 0).to(self.start) for end in (0, -1))
        column = self.columns.before((-self.start / self.slope).nan_to_num_(), is_included=last > first)
        return first, last - first, column

    def _summed_up(self) -> Tensor:
        """The biases by starts and slopes of the units that speak, summed up from the first column on."""
        first, change, column = self._turns()
        turning = (self._parts() * change).unsqueeze(1) * self.w2.unsqueeze(1)
        changes = turning.new_zeros(*turning.shape[:3], len(self.columns.spaced))
        changes.scatter_add_(3, column.expand_as(turning), turning)
        starts, slopes = (self._parts() * first @ self.w2.mT).mT.unsqueeze(3) + changes.cumsum_(3)
        return torch.addcmul(starts, slopes, self.columns.spaced)

    def _gathered(self, both: Tensor) -> Tensor:
        """The same as `_multiplied`, from sums from the last column back."""
        first, change, column = self._turns()
        behind = both.flip(3).cumsum_(3).flip(3)
        found = behind.gather(3, column.expand(*both.shape[:2], -1, -1)).mul_(change)
        return found.addcmul_(both.sum(3, keepdim=True), first)


class _Given(NamedTuple):
    """What the weights come to along the sides of a grid, its keys and the steps of the native grid."""

    rows: Axis
    columns: Axis
    lines: Lines


def _given(w1: Tensor, b1: Tensor, w2: Tensor, sides: Iterable[Sequence[int]]) -> _Given:
    """In single precision at least."""
    wide = torch.promote_types(w1.dtype, torch.float32)
    w1, b1, w2 = (weight.to(wide) for weight in (w1, b1, w2))
    rows, columns = (axis(side, keys, steps, w1) for side, keys, steps in zip(*sides, strict=True))
    by_row, by_column = w1.mT.contiguous()
    return _Given(rows, columns, Lines(torch.addcmul(b1, rows.spaced[:, None], by_row), by_column, w2, columns))


def biases(w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor, *sides: Sequence[int]) -> Tensor:
    """The network for every token and key: (heads, N, M)."""
    (rows, columns, lines), (height, width) = _given(w1, b1, w2, sides), sides[0]
    found = lines.biases() + b2.to(lines.w2.dtype)[:, None, None]
    # One axis after the other: a distance between tokens is one between rows and one between columns.
    found = found.to(b2.dtype).index_select(1, rows.places).index_select(2, columns.places)
    found = found.view(len(w2), height, -1, width, len(columns.places) // width)
    return found.transpose(2, 3).flatten(3).flatten(1, 2)


def gradients(grad: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, *sides: Sequence[int]) -> list[Tensor]:
    """Those of all weights."""
    rows, columns, lines = _given(w1, b1, w2, sides)
    grad = grad.to(lines.w2.dtype).view(-1, *sides[0], *sides[1]).transpose(2, 3).flatten(3).flatten(1, 2)
    by_column = grad.new_zeros(*grad.shape[:2], len(columns.spaced)).index_add_(2, columns.places, grad)
    grad = grad.new_zeros(len(w2), len(rows.spaced), len(columns.spaced)).index_add_(1, rows.places, by_column)
    of_start, of_slope, of_w2 = lines.gradients(grad)
    of_w1 = torch.stack([(of_start * rows.spaced[:, None]).sum(0), of_slope], 1)
    return [found.to(w1.dtype) for found in (of_w1, of_start.sum(0), of_w2, grad.sum((1, 2)))]


WEIGHTS, SIDES = "Tensor w1, Tensor b1, Tensor w2", "int[] grid, int[] keys, int[] steps"


@torch.library.custom_op(
    "archspec::position_biases", mutates_args=(), schema=f"({WEIGHTS}, Tensor b2, {SIDES}) -> Tensor"
)
def _operation(*given: Any) -> Tensor:
    with without_autocast(given[0].device):
        return biases(*given)


@torch.library.custom_op(
    "archspec::position_biases_backward", mutates_args=(), schema=f"(Tensor grad, {WEIGHTS}, {SIDES}) -> Tensor[]"
)
def _of_operation(*given: Any) -> list[Tensor]:
    with without_autocast(given[0].device):
        return gradients(*given)


@_operation.register_fake
def _(*given: Any) -> Tensor:
    _, _, _, b2, grid, keys, _ = given
    y: Tensor = b2.new_empty(len(b2), math.prod(grid), math.prod(keys))
    return y


@_of_operation.register_fake
def _(*given: Any) -> list[Tensor]:
    grad, *weights = given[:4]
    return [torch.empty_like(weight) for weight in weights] + [weights[0].new_empty(len(grad))]


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG001
    ctx.save_for_backward(*inputs[:3])
    ctx.sides = inputs[4:]


def _backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
    return *_of_operation(grad, *ctx.saved_tensors, *ctx.sides), None, None, None


_operation.register_autograd(_backward, setup_context=_remember)
