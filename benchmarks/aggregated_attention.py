"""Aggregated attention beside the formulation that its paper publishes, which unfolds windows: one thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.nn.mixers.aggregated_attention import AggregatedAttention
from archspec.nn.mixers.cosine import unit
from archspec.nn.position_biases import PositionBias, axis
from archspec.nn.windows import counts
from archspec.spec.mixers import aggregated_attention as specs
from archspec.spec.place import Grid, Place, Scope
from benchmarks.timing import interleaved

PLACES = [Place(dim, (side, side), (side, side)) for dim, side in ((72, 56), (144, 28), (288, 14))]
"""The first three stages of TransNeXt-Tiny, each of which pools to 7 × 7."""
BATCH, ROUNDS, POOLED = 4, 8, (7, 7)
AROUND = ("q", "kv", "proj", "reduction", "norm")


def written_biases(module: PositionBias, grid: Grid) -> Tensor:
    """The little network as it stands: at a table of all distances, of which every token and key picks one."""
    rows, columns = (
        axis(side, keys, steps, module.fc1.weight) for side, keys, steps in zip(grid, POOLED, module.steps, strict=True)
    )
    table = module.fc2(F.relu(module.fc1(torch.cartesian_prod(rows.spaced, columns.spaced))))
    by_row, by_column = rows.places.view(grid[0], 1, -1, 1), columns.places.view(1, grid[1], 1, -1)
    index = (by_row * len(columns.spaced) + by_column).view(grid[0] * grid[1], -1)
    return table.mT[:, index]  # type: ignore[no-any-return]


def unfolded(module: AggregatedAttention, tokens: Sequence[Tensor], grid: Grid) -> Tensor:
    """Equations 10 to 14 as they stand: keys and values of all windows are gathered, the padding masked."""
    q, k, v, k_pooled, v_pooled = tokens
    (batch, heads, count, width), size = q.shape, module.window
    q, both = unit(q), torch.cat([unit(k), v], 1)
    maps = both.mT.reshape(batch, 2 * heads * width, *grid)
    windows = F.unfold(maps, size, padding=size // 2).view(batch, 2 * heads, width, size**2, count)
    k_near, v_near = windows.permute(0, 1, 4, 2, 3).chunk(2, 1)
    queries = module.scaled(q, counts(grid, size, q) + POOLED[0] * POOLED[1])
    near = (queries.unsqueeze(-2) @ k_near).squeeze(-2) + module.near_bias(grid, q)
    far = queries @ unit(k_pooled).mT
    if module.cpb is not None:
        far = far + written_biases(module.cpb, grid)
    near, far = torch.split(torch.cat([near, far], -1).softmax(-1), [size**2, far.shape[-1]], -1)
    near = near + (q @ module.learned_keys + module.learned_bias.unsqueeze(1))  # type: ignore[operator]
    y: Tensor = (near.unsqueeze(-2) @ v_near.mT).squeeze(-2) + far @ v_pooled
    return y


def forward(call: Callable[..., Tensor], tokens: Sequence[Tensor]) -> Callable[[], object]:
    """Inference."""

    def once() -> None:
        with torch.no_grad():
            call(tokens)

    return once


def both_ways(call: Callable[..., Tensor], tokens: Sequence[Tensor], module: nn.Module) -> Callable[[], object]:
    """Forward and backward; the layers around are no part of it."""
    inside = (*tokens, *(p for name, p in module.named_parameters() if name.partition(".")[0] not in AROUND))

    def once() -> None:
        torch.autograd.grad(call(tokens).sum(), inside)

    return once


def measure(at: Place, *, position_bias: bool) -> None:
    """Print how much faster ours is, eager and compiled, after all were seen to agree."""
    written = specs.AggregatedAttention(reduction=at.grid[0] // POOLED[0], position_bias=position_bias)
    spec = written.resolve(Scope(at.native))
    module = spec.build(at)
    shapes = [at.tokens] * 3 + [POOLED[0] * POOLED[1]] * 2
    tokens = [torch.randn(BATCH, spec.heads(at), count, spec.head_dim, requires_grad=True) for count in shapes]
    torch._dynamo.reset()

    def ours(given: Sequence[Tensor]) -> Tensor:
        y: Tensor = module.attended(given, at.grid)
        return y

    ways: dict[str, Callable[..., Tensor]] = {
        "unfold": lambda given: unfolded(module, given, at.grid),
        "eager": ours,
        "compiled": torch.compile(ours, fullgraph=True, dynamic=False),
    }
    expected = ways["unfold"](tokens)
    for way in ways.values():
        torch.testing.assert_close(way(tokens), expected, atol=1e-4, rtol=1e-4)
    for title, made in (
        ("forward", {name: forward(way, tokens) for name, way in ways.items()}),
        ("forward and backward", {name: both_ways(way, tokens, module) for name, way in ways.items()}),
    ):
        seconds = interleaved(made, ROUNDS)
        each = (f"{name} {1e3 * time:6.1f} ms ({seconds['unfold'] / time:.1f}x)" for name, time in seconds.items())
        print(
            f"{at.grid[0]:3}² × {at.dim:3}  {title:21} {'  '.join(each)}  (load {os.getloadavg()[0]:.1f})", flush=True
        )


def run() -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    print(f"batch {BATCH}, heads of 24, window 3, 49 pooled keys; the best of {ROUNDS} rounds in turns")
    for position_bias in (False, True):
        print(
            f"{'with' if position_bias else 'without'} the little network of position biases, which runs once a batch"
        )
        for at in PLACES:
            measure(at, position_bias=position_bias)
