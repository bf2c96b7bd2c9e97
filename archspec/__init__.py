"""archspec: vision backbones as a few lines of YAML, costed, compiled, trained, compared."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archspec.compiler import build as build
    from archspec.compiler import load_model as load_model
    from archspec.compiler import load_weights as load_weights
    from archspec.compiler import save_model as save_model
    from archspec.errors import ArchspecError as ArchspecError
    from archspec.errors import SpecError as SpecError
    from archspec.spec.api import diff as diff
    from archspec.spec.api import load as load
    from archspec.spec.api import profile as profile

__version__ = "0.1.0"

_HOMES = {
    "build": "archspec.compiler",
    "load_weights": "archspec.compiler",
    "load_model": "archspec.compiler",
    "save_model": "archspec.compiler",
    "load": "archspec.spec.api",
    "profile": "archspec.spec.api",
    "diff": "archspec.spec.api",
    "ArchspecError": "archspec.errors",
    "SpecError": "archspec.errors",
}
__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import archspec` costs nothing and needs no torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'archspec' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
