"""Studies in a file, small enough to be planned in no time."""

from __future__ import annotations

from pathlib import Path

ARCH = """\
---
arch: tiny
input: {size: 16}
stem: {kind: patch, size: 4}
stages: [{dim: 16, depth: 2, mixer: {kind: sep_conv, kernel: 3}}]
head: {kind: linear, norm_after: layer_norm}
---
recipe: brief
data: digits
resolution: 16
epochs: 1
batch: 64
threads: 1
"""
STUDY = """\
study: sample
baseline: tiny
recipe: brief
seeds: 2
factors:
  mixer: {pooling: {stages.mixer: pooling}, same: {stages.mixer: {kernel: 3}}}
  norm: {batch: {stages.norm: batch_norm, paper: 71.5}}
"""


def written(folder: Path, study: str = STUDY) -> Path:
    """A study in a file, with its arch and recipe."""
    file = folder / "sample.yaml"
    file.write_text(study + ARCH, encoding="utf-8")
    return file
