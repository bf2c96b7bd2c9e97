"""What `archspec init` writes: an arch, a recipe and a study that suit some data, each with its comments."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median
from string import Template
from typing import NamedTuple

from archspec.spec.scalars import read_scalar
from archspec.spec.writing import scalar
from archspec.training.data import source_for
from archspec.training.data.finding import BUILT_IN
from archspec.training.data.source import Source

SIZES = (32, 64, 96, 128, 160, 224)
"""Resolutions for which the arch has whole grids down to its last stage."""
LOOKED_AT = 64
"""Images whose sizes are looked at."""
COLUMN = 48
"""Where remarks begin."""
SHOWN = 100_000
"""Images that a training shows, where the data is neither small nor large."""


class Subject(NamedTuple):
    """What is known about some data."""

    data: str
    """As a recipe says it."""
    classes: int
    channels: int
    images: int
    """To learn from."""
    drawn: bool
    """Whether images are drawn at any size that is asked for."""
    side: int
    """Half of the images are at least so many pixels high and wide."""

    @property
    def resolution(self) -> int:
        """The resolution to train at: not more than there is to see."""
        return max((size for size in SIZES if size <= self.side), default=SIZES[0])

    @property
    def batch(self) -> int:
        """Images a step: ten steps or more make an epoch."""
        return next((size for size in (64, 32, 16) if self.images >= 10 * size), 8)

    @property
    def epochs(self) -> int:
        """The fewer images there are, the more often each is shown."""
        return 12 if self.drawn else min(200, max(20, SHOWN // self.images))


def subject(data: str) -> Subject:
    """Look at a folder of images, or at what else a recipe may call `data`."""
    there = Path(data).expanduser()
    # As in a recipe, a word that names data that comes with archspec is never a folder.
    said = str(there.resolve()) if data not in BUILT_IN and there.is_dir() else data
    source = source_for(said)
    train = source.split("train")
    drawn = train.drawn((SIZES[0], SIZES[0])) is not None
    return Subject(said, len(source.classes), source.channels, len(train), drawn, _side(source))


def _side(source: Source) -> int:
    """The shorter side of a typical image."""
    split = source.split("train")
    some = range(0, len(split), -(-len(split) // LOOKED_AT))
    return int(median(min(split.sample(index)[0].shape[:2]) for index in some))


def name_for(folder: Path) -> str:
    """A name for documents, after the folder they lie in."""
    word = re.sub(r"\W+", "_", folder.resolve().name.lower()).strip("_") or "images"
    # `true` and `1e3` are no texts in YAML, and `none` is nothing.
    is_name = word[0].isalpha() and word != "none" and isinstance(read_scalar(word), str)
    return word if is_name else f"my_{word}"


def written(name: str, about: Subject) -> dict[str, str]:
    """The documents by the names of their files."""
    small = about.resolution < 64
    said = {
        "name": name,
        "size": about.resolution,
        "channels": about.channels,
        "classes": about.classes,
        "stem": "kernel: 3, stride: 2, padding: 1" if small else "kernel: 7, stride: 4, padding: 2",
        "data": scalar(about.data),
        "epochs": about.epochs,
        "batch": about.batch,
        "augment": "{crop: resize, flip: 0}" if about.drawn else "{scale: [0.3, 1.0], flip: 0.5, mixup: 0.2}",
        "warmup": max(1, min(5, about.epochs // 20)),
        "threads": 1 if about.drawn else "none",
        "workers": 0 if small or about.drawn else 4,
    }
    return {name: aligned(text.substitute(said)) for name, text in FILES.items()}


def aligned(text: str) -> str:
    """A text whose remarks begin in one column."""
    return re.sub(r"^(.*\S)  (# .*)$", lambda line: f"{line[1]:<{COLUMN}}  {line[2]}", text, flags=re.MULTILINE)


ARCH = """\
# A small hybrid: convolutions while there are many tokens, attention once there are few.
# `archspec show` draws it, `archspec ls mixers` lists what else may stand where.

arch: $name
input: {size: $size, channels: $channels}
classes: $classes  # in training, classes and channels follow the data
init: {kind: trunc_normal, std: 0.02}
stem: {kind: conv, $stem, norm_after: layer_norm}
defaults:  # what stages have unless they say otherwise
  mixer: {kind: sep_conv, kernel: 5, ratio: 2}  # how tokens see each other: the first branch of a block
  mlp: {ratio: 4}  # the second
  norm: layer_norm
  activation: gelu
  downsample: {kind: conv, kernel: 3, stride: 2, padding: 1, norm_before: layer_norm}
stages:
  - {dim: 32, depth: 2}
  - {dim: 64, depth: 2}
  - {dim: 128, depth: 4, mixer: {kind: attention, head_dim: 32}}
head: {kind: linear, pool: avg, norm_after: layer_norm}
"""

RECIPE = """\
# How to train from scratch. Every field there is: `archspec schema recipe`.

recipe: $name
data: $data  # where it lies changes no result; what it holds does
epochs: $epochs
batch: $batch
optimizer: {kind: adamw, lr: 2e-3, weight_decay: 0.05, clip: 1.0}
schedule: {kind: cosine, warmup: $warmup}
drop_path: 0.05
label_smoothing: 0.1
augment: $augment  # `flip: 0` where a mirror image is something else
select: last  # the epoch that is tested; `best`: the best one on val
threads: $threads  # on a CPU; results repeat to the last digit where it is a number
workers: $workers  # processes that prepare images; no result depends on them
"""

STUDY = """\
# What the mixers are worth: each arm is the arch with one change, trained with every seed.

study: $name
baseline: $name  # the arch of this name in this folder
recipe: $name
seeds: 3
design: one_factor
factors:
  early:  # stages 0 and 1, where tokens are many
    pooling:     {stages.0-1.mixer: pooling}
    identity:    {stages.0-1.mixer: identity}
  late:  # stage 2; the baseline has attention there
    convolution: {stages.2.mixer: {kind: sep_conv, kernel: 5, ratio: 2}}
    pooling:     {stages.2.mixer: pooling}
    identity:    {stages.2.mixer: identity}
"""

FILES = {"arch.yaml": Template(ARCH), "recipe.yaml": Template(RECIPE), "study.yaml": Template(STUDY)}
