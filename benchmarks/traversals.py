"""Traversals of more directions beside the two of Vision-LSTM: blocks as ViL-T's, eager and compiled, one thread."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

import archspec
from benchmarks.timing import interleaved

SETS = ("bi", "uni", "quad", "oct")
DEPTH, BATCH, ROUNDS = 8, 8, 8


def blocks(traversal: str) -> nn.Module:
    """The stage of a network of eight blocks, on 14 × 14 tokens."""
    edits = {"stages.depth": DEPTH, "stages.mixer.traversal": traversal}
    stage: nn.Module = archspec.build(archspec.load("vil_tiny").edit(edits)).stages[0]
    return stage


def tokens(stage: Any, x: Tensor) -> Tensor:
    """What comes out of the stage."""
    y: Tensor = stage(x, (14, 14))[0]
    return y


def inference(call: Callable[[Tensor], Tensor], x: Tensor) -> Callable[[], object]:
    """Forward alone."""
    return lambda: torch.no_grad()(call)(x)


def training(call: Callable[[Tensor], Tensor], x: Tensor) -> Callable[[], object]:
    """Forward and backward."""
    return lambda: torch.autograd.backward(call(x).sum())


def run() -> None:
    """Print the ratios."""
    torch.set_num_threads(1)
    x = torch.randn(BATCH, 196, 192, requires_grad=True)
    for compiled in (False, True):
        calls: dict[str, Callable[[Tensor], Tensor]] = {}
        for name in SETS:
            stage = blocks(name)
            called: Any = torch.compile(stage, fullgraph=True, dynamic=False) if compiled else stage
            calls[name] = partial(tokens, called)
        for way in (inference, training):
            seconds = interleaved({name: way(call, x) for name, call in calls.items()}, ROUNDS)
            ratios = "  ".join(f"{name} {seconds[name] / seconds['bi']:.3f}" for name in SETS)
            kind, load = "compiled" if compiled else "eager", os.getloadavg()[0]
            head = f"{kind}, {way.__name__}: {1000 * seconds['bi']:.0f} ms for bi"
            print(f"{head}; times as long: {ratios}  (load {load:.1f})", flush=True)
