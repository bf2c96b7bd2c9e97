"""Our networks beside timm's of the same architecture: build, forward and training step, eager, one thread."""

from __future__ import annotations

import os
from collections.abc import Callable

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archspec
from benchmarks.timing import interleaved

PEERS = {
    "caformer_s18": "caformer_s18",
    "convformer_s18": "convformer_s18",
    "poolformerv2_s12": "poolformerv2_s12",
    "sequencer2d_s": "sequencer2d_s",
    "vit_tiny": "vit_tiny_patch16_224",
}
BATCH, ROUNDS = 8, 5


def forward(model: nn.Module, images: Tensor) -> Callable[[], object]:
    """Inference on a batch."""

    def once() -> None:
        with torch.inference_mode():
            model.eval()(images)

    return once


def training_step(model: nn.Module, images: Tensor, labels: Tensor) -> Callable[[], object]:
    """Forward, loss, backward and update on a batch."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def once() -> None:
        torch.autograd.backward(F.cross_entropy(model.train()(images), labels))
        optimizer.step()
        optimizer.zero_grad()

    return once


def compare(ours: str, theirs: str) -> dict[str, float]:
    """Our time over timm's: below one is faster."""
    arch = archspec.load(ours)
    models = {"ours": archspec.build(arch), "timm": timm.create_model(theirs)}
    images, labels = torch.randn(BATCH, 3, 224, 224), torch.randint(1000, (BATCH,))
    kinds: dict[str, dict[str, Callable[[], object]]] = {
        "build": {"ours": lambda: archspec.build(arch), "timm": lambda: timm.create_model(theirs)},
        "forward": {name: forward(model, images) for name, model in models.items()},
        "training step": {name: training_step(model, images, labels) for name, model in models.items()},
    }
    times = {kind: interleaved(candidates, ROUNDS) for kind, candidates in kinds.items()}
    return {kind: seconds["ours"] / seconds["timm"] for kind, seconds in times.items()}


def run() -> None:
    """Print the ratios."""
    torch.set_num_threads(1)
    print(f"time of ours / timm's, batch {BATCH} at 224, the best of {ROUNDS} rounds in turns")
    for ours, theirs in PEERS.items():
        ratios = "  ".join(f"{kind} {ratio:.2f}" for kind, ratio in compare(ours, theirs).items())
        print(f"{ours:18} {ratios}  (load {os.getloadavg()[0]:.1f})", flush=True)
