"""Position biases: place by place and along lines, held to the network written out in float64."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from archspec.nn.position_biases import LONG, PositionBias
from archspec.spec.mixers.cosine import distances
from archspec.spec.place import Grid

CASES: list[tuple[int, Grid, Grid, Grid]] = [
    (3, (4, 5), (2, 2), (4, 5)),
    (2, (3, 1), (1, 1), (3, 3)),
    (1, (6, 12), (3, 6), (6, 6)),
    (1, (12, 7), (5, 3), (8, 8)),  # bins that do not tile the sides
    (2, (5, 14), (2, 7), (14, 14)),
    (1, (1, 40), (1, 5), (7, 7)),
]


def made(heads: int, native: Grid) -> PositionBias:
    """A network in float64, with units that are the same on all of a line, silent, or about to speak at no distance."""
    torch.manual_seed(heads)
    module = PositionBias(heads, native).double()
    with torch.no_grad():
        module.fc1.weight[:20, 1] = 0
        module.fc1.bias[10:30] = 0
        module.fc1.weight[30:40] = 0
    return module


def written(module: PositionBias, grid: Grid, keys: Grid) -> Tensor:
    """One distance after another, each as far as adaptive pooling says."""
    sides = []
    for side, count, steps in zip(grid, keys, module.steps, strict=True):
        places = torch.arange(side, dtype=torch.float64)
        parts = 8 * (places[:, None] - F.adaptive_avg_pool1d(places.view(1, -1), count)) / steps
        sides.append(parts.sign() * (1 + parts.abs()).log2() / 3)
    both = torch.cartesian_prod(sides[0].flatten(), sides[1].flatten()).view(grid[0], keys[0], grid[1], keys[1], 2)
    y: Tensor = module.fc2(module.fc1(both).relu())
    return y.permute(4, 0, 2, 1, 3).flatten(3).flatten(1, 2)


@pytest.mark.parametrize(("heads", "grid", "keys", "native"), CASES, ids=str)
@pytest.mark.parametrize("is_compiled", [False, True])
def test_position_biases_and_their_gradients(
    heads: int, grid: Grid, keys: Grid, native: Grid, is_compiled: bool
) -> None:
    module = made(heads, native)
    torch._dynamo.reset()
    run = torch.compile(module, fullgraph=True, backend="aot_eager") if is_compiled else module
    ours, expected = run(grid, keys), written(module, grid, keys)
    weights, direction = list(module.parameters()), torch.randn_like(expected)
    torch.testing.assert_close(ours, expected, atol=1e-10, rtol=0)
    gradients = (torch.autograd.grad(y, weights, direction) for y in (ours, expected))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, atol=1e-10, rtol=1e-10)


def test_the_cases_take_both_ways() -> None:
    assert {len(distances(grid[1], keys[1]).values) > LONG * heads for heads, grid, keys, _ in CASES} == {True, False}


@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_that_of_the_weights_alone(heads: int, dtype: torch.dtype) -> None:
    half = made(heads, (14, 14)).to(dtype)
    exact = copy.deepcopy(half).double()
    y = half((14, 14), (7, 7))
    assert y.dtype is dtype
    torch.testing.assert_close(y.double(), exact((14, 14), (7, 7)), atol=2e-3, rtol=torch.finfo(dtype).eps)
    with torch.autocast("cpu", dtype):
        single = exact.float()((14, 14), (7, 7))
    torch.testing.assert_close(single.double(), exact.double()((14, 14), (7, 7)), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_what_is_broken_shows(broken: float) -> None:
    module = made(1, (14, 14))
    with torch.no_grad():
        module.fc1.weight[0] = broken
    assert not module((14, 14), (7, 7)).isfinite().all()


def test_exported_it_needs_no_operation_of_ours() -> None:
    class Fixed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cpb = made(3, (6, 6))

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = x + self.cpb((6, 6), (3, 3))
            return y

    module, x = Fixed(), torch.zeros(36, 9, dtype=torch.float64)
    program = torch.export.export(module, (x,))
    assert not any("archspec" in str(node.target) for node in program.graph.nodes)
    torch.testing.assert_close(program.module()(x), module(x))
