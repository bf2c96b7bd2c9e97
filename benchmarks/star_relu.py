"""StarReLU beside its formula written plainly, and compiled beside `F.gelu`, one thread."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.spec.activations import StarRelu
from archspec.spec.place import Place
from benchmarks.timing import interleaved

SHAPES = [(1, 1024, 1024), (8, 3136, 256), (8, 196, 1280)]
"""A million numbers, and what CAFormer-S18's first and third stage hand to it."""
ROUNDS = 50


class Formula(nn.Module):
    """scale·relu(x)² + shift, as the paper writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return self.scale * F.relu(x) ** 2 + self.shift


def both_ways(call: Callable[[Tensor], Tensor], x: Tensor, grad: Tensor) -> Callable[[], object]:
    """Forward and backward."""
    return lambda: torch.autograd.backward(call(x), grad)


def compare(shape: tuple[int, ...]) -> dict[str, float]:
    """How many times as fast as the formula eager, and as `F.gelu` where both are compiled."""
    ours = StarRelu().build(Place(shape[-1], (1, 1), (1, 1)))
    x, grad = torch.randn(shape, requires_grad=True), torch.randn(shape)
    eager = {"ours": ours, "formula": Formula()}
    compiled = {"ours": torch.compile(ours, fullgraph=True), "gelu": torch.compile(nn.GELU(), fullgraph=True)}
    times = [
        interleaved({who: both_ways(call, x, grad) for who, call in calls.items()}, ROUNDS)
        for calls in (eager, compiled)
    ]
    return {
        "eager over the formula": times[0]["formula"] / times[0]["ours"],
        "compiled over F.gelu": times[1]["gelu"] / times[1]["ours"],
    }


def run() -> None:
    """Print how many times as fast it is."""
    torch.set_num_threads(1)
    print(f"forward + backward, how many times as fast, the best of {ROUNDS} rounds in turns")
    for shape in SHAPES:
        ratios = "  ".join(f"{name} {ratio:.2f}" for name, ratio in compare(shape).items())
        print(f"{'×'.join(map(str, shape))}: {ratios}  (load {os.getloadavg()[0]:.1f})", flush=True)
