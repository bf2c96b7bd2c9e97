"""A small network to change, and the one problem that a mistake causes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import archspec
from archspec.errors import Problem
from archspec.spec.arch import Arch

SMALL: dict[str, Any] = {
    "arch": "small",
    "input": {"size": 64},
    "classes": 10,
    "stem": {"kind": "patch", "size": 4},
    "stages": [
        {"dim": 8, "depth": 2, "mixer": {"kind": "sep_conv", "kernel": 3}},
        {"dim": 16, "depth": 4, "mixer": {"kind": "sep_conv", "kernel": 5}, "downsample": "patch"},
        {"dim": 32, "depth": 6, "mixer": {"kind": "attention", "head_dim": 8}, "downsample": "conv"},
    ],
    "head": "linear",
}
"""Three stages on grids of 16, 8 and 4."""

HEADER = """\
arch: {name}
input: {{size: 64}}
stem: {{kind: patch, size: 4}}
head: linear
"""


def small(edits: Mapping[str, Any] | None = None) -> Arch:
    """The small network, perhaps edited."""
    arch = archspec.load(SMALL)
    return arch.edit(edits) if edits else arch


def written(folder: Path, text: str, name: str = "written.yaml") -> Path:
    """A file of YAML."""
    file = folder / name
    file.write_text(dedent(text), encoding="utf-8")
    return file


def document(stages: str, name: str = "net") -> str:
    """An arch document with the given text from `defaults` or `stages` on."""
    return HEADER.format(name=name) + dedent(stages)


def the_problem(call: Callable[[], object]) -> Problem:
    """The only problem of something that must not work."""
    with pytest.raises(archspec.SpecError) as caught:
        call()
    (problem,) = caught.value.problems
    return problem


def refused(edits: Mapping[str, Any], arch: Arch | None = None) -> Problem:
    """The only problem of edits that must not work."""
    return the_problem(lambda: (arch or small()).edit(edits))
