"""Runs small enough to be made many times over, and ways to make them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import archspec
from archspec.records.attempt import Attempt
from archspec.records.run import RunFolder
from archspec.spec.recipe import RECIPE, Recipe
from archspec.training.preparing import prepare

ARCH: dict[str, Any] = {
    "arch": "tiny",
    "input": {"size": 16},
    "stem": {"kind": "patch", "size": 4},
    "stages": [{"dim": 16, "depth": 3, "mixer": {"kind": "sep_conv", "kernel": 3}, "scaling": "res_scale"}],
    "head": {"kind": "mlp", "norm_after": "layer_norm"},
}
RECIPE_: dict[str, Any] = {
    "recipe": "tiny",
    "data": "digits",
    "resolution": 16,
    "epochs": 3,
    "batch": 64,
    "optimizer": {"kind": "adamw", "lr": 2e-3, "clip": 1.0},
    "schedule": {"kind": "cosine", "warmup": 1},
    "drop_path": 0.3,
    "head_dropout": 0.1,
    "threads": 1,
}


def recipe(**changes: Any) -> Recipe:
    """The tiny recipe with other values; a mapping merges into the one that is there."""
    merged = dict(RECIPE_)
    for name, value in changes.items():
        merged[name] = {**merged.get(name, {}), **value} if isinstance(value, dict) else value
    return RECIPE.load(merged)


def run_in(store: Path, seed: int = 0, **changes: Any) -> RunFolder:
    """A run of the tiny recipe."""
    return prepare(archspec.load(ARCH), recipe(**changes), seed, store)


def counting(run: RunFolder) -> Attempt:
    """The attempt that gave the result."""
    result = run.result()
    assert result is not None
    return run.attempt(int(result["attempt"]))


def outcome(run: RunFolder) -> dict[str, Any]:
    """Everything about a finished run that must repeat."""
    result = run.result()
    assert result is not None
    return {**{key: value for key, value in result.items() if key != "attempt"}, "metrics": run.metrics()}


def environment(**more: str) -> dict[str, str]:
    """A child's environment."""
    return {**os.environ, "OMP_NUM_THREADS": "1", **more}


def start(run: RunFolder, **more: str) -> subprocess.Popen[str]:
    """A process that trains."""
    command = [sys.executable, "-W", "error", "-m", "archspec.training.train", str(run.path)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment(**more))
