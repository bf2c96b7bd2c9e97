"""Whole networks beside themselves with the published formulation of their mixers: a training step, and inference."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn

import archspec
from archspec.nn import matrix_memory
from archspec.nn.long_convolution import LongConvolution
from archspec.nn.mixers import mlstm
from archspec.nn.mixers.aggregated_attention import AggregatedAttention
from benchmarks import aggregated_attention, long_convolution
from benchmarks.mlstm import quadratic
from benchmarks.timing import interleaved
from benchmarks.training_step import forward, training_step

BATCH, ROUNDS = 4, 8


def convolved(self: Any, x: Tensor, grid: tuple[int, ...]) -> Tensor:
    """Transforms of twice the grid, of a filter made anew."""
    y, added = long_convolution.published(self, x, grid), self.added()
    return y if added is None else y + added


def attended(self: Any, tokens: list[Tensor], grid: tuple[int, int]) -> Tensor:
    """Windows unfolded."""
    return aggregated_attention.unfolded(self, tokens, grid)


def memorised(self: Any, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """All tokens by all tokens."""
    joined, shape = torch.cat([q, k, v], 2), (*q.shape[:2], self.heads, -1)
    parts = [part.reshape(shape) for part in (q, k, v)] + [self.input(joined), self.forget(joined)]
    return quadratic(matrix_memory.Tokens._make(parts)).flatten(2)


PUBLISHED: dict[type[nn.Module], tuple[str, Callable[..., Tensor]]] = {
    LongConvolution: ("forward", convolved),
    AggregatedAttention: ("attended", attended),
    mlstm.Memory: ("forward", memorised),
}
NETWORKS, SIZE = ("hbformer_s18", "hpxformer_s18", "vil_tiny", "transnext_micro"), 224


def as_published(network: nn.Module) -> nn.Module:
    """A copy whose mixers compute as the papers write."""
    other = copy.deepcopy(network)
    for module in other.modules():
        for kind, (name, formulation) in PUBLISHED.items():
            if isinstance(module, kind):
                setattr(module, name, MethodType(formulation, module))
    return other


def compare(name: str) -> dict[str, float]:
    """How often ours runs while the published formulation runs once, after both were seen to agree."""
    ours = archspec.build(archspec.load(name), seed=0)
    both = {"ours": ours, "published": as_published(ours)}
    images, labels = torch.randn(BATCH, 3, SIZE, SIZE), torch.randint(1000, (BATCH,))
    with torch.no_grad():
        logits = [model.eval()(images) for model in both.values()]
    torch.testing.assert_close(*logits, atol=1e-3, rtol=1e-3)
    ways = {
        "inference": partial(forward, images=images),
        "training": partial(training_step, images=images, labels=labels),
    }
    ratios = {}
    for way, made in ways.items():
        seconds = interleaved({who: made(model) for who, model in both.items()}, ROUNDS)
        ratios[way] = seconds["published"] / seconds["ours"]
    return ratios


def run() -> None:
    """Print the ratios."""
    torch.set_num_threads(1)
    print(f"published / ours, batch {BATCH} at {SIZE} px, eager, one thread, the best of {ROUNDS} rounds in turns")
    for name in NETWORKS:
        said = "  ".join(f"{way} {ratio:.2f}" for way, ratio in compare(name).items())
        print(f"{name:16} {said}  (load {os.getloadavg()[0]:.1f})", flush=True)
