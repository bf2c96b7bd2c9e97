"""What TransNeXt's two attentions share."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.spec.mixers import cosine as specs
from archspec.spec.place import Grid, Place

START = 1 / 0.24
"""Where the scale starts, before the length is taken into account: keeps the entropy the same at any length."""
REACH = 8
"""The distances along a side of the native grid, from end to end, before their logarithm is taken."""


class Cosine(nn.Module):
    """The learned scale, the learned query and the biases; `keys` is how many keys a token has on the native grid."""

    def __init__(self, spec: specs.Cosine, at: Place, keys: int) -> None:
        super().__init__()
        self.heads, self.length_scaling = spec.heads(at), spec.length_scaling
        self.start = START if spec.length_scaling else START * max(1.0, math.log(keys))
        self.temperature = nn.Parameter(torch.empty(self.heads))
        self.query_embedding: nn.Parameter | None = None
        if spec.query_embedding:
            self.query_embedding = nn.Parameter(torch.empty(self.heads, spec.head_dim))
        self.cpb = PositionBias(self.heads, at.native) if spec.position_bias else None

    def reset_parameters(self) -> None:
        """The temperature is kept before its softplus; queries start small."""
        nn.init.constant_(self.temperature, math.log(math.expm1(self.start)))
        if self.query_embedding is not None:
            nn.init.trunc_normal_(self.query_embedding, std=0.02)

    def scaled(self, q: Tensor, length: Tensor | int) -> Tensor:
        """Queries (B, heads, N, D) with what is added to all, times the scale for so many keys: a number or (N,)."""
        if self.query_embedding is not None:
            q = q + self.query_embedding.unsqueeze(1)
        scale = F.softplus(self.temperature)[:, None, None]
        if self.length_scaling:
            scale = scale * (length.log()[:, None] if isinstance(length, Tensor) else math.log(length))
        return q * scale


def unit(x: Tensor) -> Tensor:
    """Vectors of length one."""
    return F.normalize(x, dim=-1)


class PositionBias(nn.Module):
    """A little network that turns log-spaced distances into a bias per head.

    Distances are measured in parts of the native grid, so that a larger map goes on where the native one ends.
    """

    def __init__(self, heads: int, native: Grid) -> None:
        super().__init__()
        self.steps = [max(1, side - 1) for side in native]
        self.fc1 = nn.Linear(2, specs.HIDDEN)
        self.fc2 = nn.Linear(specs.HIDDEN, heads)

    def forward(self, grid: Grid, keys: Grid) -> Tensor:
        """The bias of every token of a grid towards every key: (heads, N, M)."""
        (rows, of_rows), (columns, of_columns) = (self.along(axis, grid[axis], keys[axis]) for axis in (0, 1))
        by_row, by_column = self.fc1.weight.unbind(1)
        # Two numbers are a slow product of matrices and a quick sum.
        hidden = torch.addcmul(self.fc1.bias, rows[:, None], by_row)[:, None] + columns[:, None] * by_column
        biases = self.heads_of(hidden.relu_())
        # One axis after the other: a distance between tokens is one between rows and one between columns.
        biases = biases.index_select(0, of_rows).index_select(1, of_columns)
        return biases.view(grid[0], keys[0], grid[1], keys[1], -1).permute(4, 0, 2, 1, 3).flatten(3).flatten(1, 2)

    def heads_of(self, hidden: Tensor) -> Tensor:
        """The second layer: (…, hidden) → (…, heads)."""
        if torch.compiler.is_compiling():
            # Sums are fused with what they are of, which products of matrices would want to have in memory.
            weight, bias = self.fc2.weight, self.fc2.bias
            return torch.stack([(hidden * of_head).sum(-1) for of_head in weight.unbind(0)], -1) + bias
        y: Tensor = self.fc2(hidden)
        return y

    def along(self, axis: int, side: int, keys: int) -> tuple[Tensor, Tensor]:
        """The distances along an axis, log-spaced, and which of them is between which token and which key."""
        values, index = distances(side, keys)
        like = self.fc1.weight
        distance = torch.tensor(values, dtype=like.dtype, device=like.device) * (REACH / 2 / self.steps[axis])
        spaced = distance.sign() * distance.abs().log1p() / math.log(REACH)
        return spaced, torch.tensor(index, device=like.device)


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def distances(side: int, keys: int) -> tuple[list[int], list[int]]:
    """The distances along a side, and the place among them of every token's distance to every key."""
    found = specs.distances(side, keys)
    return list(found.values), [place for row in found.places for place in row]
