"""Sequencer's mixer beside timm's, on the maps of Sequencer2D-S, eager, one thread."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch
from timm.models.sequencer import LSTM2d
from torch import Tensor, nn

from archspec.spec.mixers.bilstm2d import Bilstm2d
from archspec.spec.place import Place, Scope
from benchmarks.timing import interleaved

PLACES = [Place(192, (32, 32), (32, 32)), Place(384, (16, 16), (16, 16))]
BATCHES, ROUNDS = (1, 8), 30


def forward(call: Callable[[], Tensor]) -> Callable[[], object]:
    """Inference."""
    return torch.inference_mode()(call)


def both_ways(call: Callable[[], Tensor]) -> Callable[[], object]:
    """Forward and backward."""
    return lambda: torch.autograd.backward(call().sum())


def compare(at: Place, batch: int) -> dict[str, float]:
    """Our time over timm's: below one is faster."""
    ours: nn.Module = Bilstm2d().resolve(Scope(at.grid)).build(at)
    theirs = LSTM2d(at.dim, at.dim // 4)
    x = torch.randn(batch, at.pixels, at.dim, requires_grad=True)
    x_bhwc = x.detach().view(batch, *at.grid, at.dim).requires_grad_()
    calls: dict[str, Callable[[], Tensor]] = {"ours": lambda: ours(x, at.grid), "timm": lambda: theirs(x_bhwc)}
    ratios = {}
    for name, way in {"forward": forward, "forward + backward": both_ways}.items():
        seconds = interleaved({who: way(call) for who, call in calls.items()}, ROUNDS)
        ratios[name] = seconds["ours"] / seconds["timm"]
    return ratios


def run() -> None:
    """Print the ratios."""
    torch.set_num_threads(1)
    print(f"time of ours / timm's, the best of {ROUNDS} rounds in turns")
    for at in PLACES:
        for batch in BATCHES:
            ratios = "  ".join(f"{name} {ratio:.2f}" for name, ratio in compare(at, batch).items())
            rows, columns = at.grid
            print(f"{rows}×{columns}×{at.dim}, batch {batch}: {ratios}  (load {os.getloadavg()[0]:.1f})", flush=True)
