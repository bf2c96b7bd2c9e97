"""Data: sources, what is done to images, and the batches of an epoch."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archspec.training.data.facts import steps_per_epoch as steps_per_epoch
    from archspec.training.data.finding import source_for as source_for
    from archspec.training.data.making import Batch as Batch
    from archspec.training.data.making import batches as batches
    from archspec.training.data.source import Source as Source
    from archspec.training.data.source import Split as Split

_HOMES = {
    "Batch": "making",
    "batches": "making",
    "steps_per_epoch": "facts",
    "source_for": "finding",
    "Source": "source",
    "Split": "source",
}
__all__ = [*_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Import a name when it is first used, so that finding data, as planning does, needs no torch."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
