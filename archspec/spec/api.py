"""The public functions that need no torch: each takes a name, a path, plain data or an arch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archspec.spec import diff as differing
from archspec.spec import profile as profiling
from archspec.spec.arch import Arch
from archspec.spec.loading import load as load

Source = str | Path | Mapping[str, Any] | Arch


def profile(arch: Source, size: Any = None) -> profiling.Profile:
    """What an arch costs, at its own image size or run at another."""
    return profiling.profile(load(arch), size)


def diff(before: Source, after: Source) -> list[differing.Change]:
    """The changes that lead from one network to another."""
    return differing.diff(load(before), load(after))
