"""What scenes tell apart: small networks that differ in their mixer only, on scenes of 32 px, with one thread."""

from __future__ import annotations

import math
import time
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archspec
from archspec.spec.recipe import RECIPE
from archspec.training.data import Split, batches, source_for
from archspec.training.data.scenes import CLASSES, LAYOUTS

EPOCHS, SIZE, LR = 6, 32, 2e-3
RECIPE_TEXT = {"recipe": "bench", "data": "scenes", "epochs": EPOCHS, "batch": 64, "augment": {"crop": "resize"}}
MIXERS: dict[str, tuple[Any, str]] = {
    "identity": ("identity", "none"),
    "identity, knows positions": ("identity", "sincos"),
    "pooling 3": ("pooling", "none"),
    "depthwise convolution 5": ({"kind": "sep_conv", "kernel": 5, "ratio": 1}, "none"),
    "attention, knows positions": ({"kind": "attention", "head_dim": 16}, "sincos"),
}


def network(mixer: Any, positions: str) -> nn.Module:
    """A stem of 4 × 4 patches and two stages: the last tokens are the 8 × 8 px of one cell."""
    arch = {
        "arch": "small",
        "input": {"size": SIZE},
        "classes": len(CLASSES),
        "init": {"kind": "trunc_normal", "std": 0.15},
        "stem": {"kind": "patch", "size": 4},
        "defaults": {
            "mixer": mixer,
            "norm": "layer_norm",
            "mlp": {"ratio": 2},
            "downsample": {"kind": "patch", "size": 2},
        },
        "stages": [{"dim": 32, "depth": 2, "positions": positions}, {"dim": 64, "depth": 2}],
        "head": {"kind": "linear", "pool": "avg", "norm_after": "layer_norm"},
    }
    return archspec.build(archspec.load(arch), seed=0)


def learn(model: nn.Module, split: Split, said: dict[str, Any]) -> None:
    """A plain loop: AdamW, and a cosine after a hundred steps of warm-up."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=0.05)
    steps, step = EPOCHS * (len(split) // 64), 0
    for epoch in range(EPOCHS):
        for batch in batches(split, epoch=epoch, training=True, **said):
            rate = LR * min(1.0, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * step / steps))
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss: Tensor = F.cross_entropy(model(batch.images), batch.targets)
            torch.autograd.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            step += 1


@torch.no_grad()
def right(model: nn.Module, split: Split, said: dict[str, Any]) -> tuple[float, float, float]:
    """How much of a split is right, in percent: classes, their textures, their layouts."""
    model.eval()
    seen = list(batches(split, epoch=0, training=False, **said))
    found, labels = torch.cat([model(b.images).argmax(1) for b in seen]), torch.cat([b.targets for b in seen])
    layouts = len(LAYOUTS)
    pairs = ((found, labels), (found // layouts, labels // layouts), (found % layouts, labels % layouts))
    first, second, third = (100 * float((ours == true).float().mean()) for ours, true in pairs)
    return first, second, third


def run() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    source = source_for("scenes")
    said = {"recipe": RECIPE.load(RECIPE_TEXT), "size": SIZE, "seed": 0, "classes": len(CLASSES)}
    print(f"{EPOCHS} epochs of {len(source.split('train'))} scenes; in percent of {len(source.split('test'))} others")
    print(f"{'mixer':28} {'class':>7} {'texture':>8} {'layout':>7} {'seconds':>8}")
    for name, (mixer, positions) in MIXERS.items():
        start, model = time.perf_counter(), network(mixer, positions)
        learn(model.train(), source.split("train"), said)
        seconds = time.perf_counter() - start
        scores = right(model, source.split("test"), said)
        print(f"{name:28} {scores[0]:7.1f} {scores[1]:8.1f} {scores[2]:7.1f} {seconds:8.0f}", flush=True)
