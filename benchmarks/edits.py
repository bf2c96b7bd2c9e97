"""How fast candidates are costed: random edits of an arch, each validated, resolved and added up, on one core."""

from __future__ import annotations

import random
import time
from typing import Any

import archspec

COUNT = 100_000


def random_edits(rng: random.Random) -> dict[str, Any]:
    """A candidate as a search would draw it: one family changed in one stage or all, and often the depths."""
    stage = rng.randrange(4)
    mixers: list[Any] = ["pooling", "identity", {"kind": "sep_conv", "kernel": rng.choice([3, 5, 7, 9])},
                         {"kind": "attention", "head_dim": rng.choice([16, 32, 64])}]  # fmt: skip
    choices: list[dict[str, Any]] = [
        {f"stages.{stage}.mixer": rng.choice(mixers)},
        {f"stages.{stage}.dim": 8 * rng.randrange(4, 80)},
        {f"stages.{stage}.scaling": rng.choice(["none", "res_scale", "layer_scale"])},
        {"stages.mlp.ratio": rng.choice([2, 3, 4])},
        {"stages.activation": rng.choice(["relu", "gelu", "silu"])},
    ]
    edits = rng.choice(choices)
    if rng.random() < 0.5:
        edits["stages.depth"] = {"each": [rng.randrange(1, 20) for _ in range(4)]}
    return edits


def run() -> None:
    """Cost the candidates and print the time."""
    arch, rng = archspec.load("caformer_s18"), random.Random(0)
    candidates = [random_edits(rng) for _ in range(COUNT)]
    start = time.process_time()
    macs = [archspec.profile(arch.edit(edits)).macs for edits in candidates]
    seconds = time.process_time() - start
    print(f"{COUNT:,} random edits of {arch.arch} costed in {seconds:.1f} s, {1e6 * seconds / COUNT:.0f} µs each")
    print(f"MACs from {min(macs) / 1e9:.2f} G to {max(macs) / 1e9:.2f} G")
