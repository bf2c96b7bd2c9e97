"""What a kind computes: its revision where it is archspec's own, the content of its source files where it is not."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from functools import cache
from pathlib import Path

from archspec.errors import RecordsError
from archspec.records.files import telling
from archspec.spec.base import Spec


def mark_of(kind: type[Spec]) -> int | str:
    """What changes whenever a kind may compute other numbers than before."""
    return _content(kind) or kind.revision


@cache
def _content(kind: type[Spec]) -> str:
    """The hash of a kind's source files, as they were when this process first asked; empty where there are none."""
    files = source_files(kind)
    content = hashlib.sha256()
    for file in files:
        with telling(file, "read"):
            content.update(hashlib.sha256(file.read_bytes()).digest())
    return content.hexdigest()[:20] if files else ""


def source_files(kind: type[Spec]) -> list[Path]:
    """The files that say and do what a kind is, archspec's own left out: its class, its bases and its torch module."""
    modules = [base.__module__ for base in kind.__mro__ if issubclass(base, Spec)]
    torch_module = kind.implementation.partition(":")[0] or kind.__module__.replace(".spec.", ".nn.", 1)
    needed = dict.fromkeys(module for module in modules if _is_foreign(module))
    found = {module: _file(module) for module in needed}
    missing = [module for module, file in found.items() if file is None]
    if missing:
        message = f"the source of `{kind.__name__}` is in no file (module `{missing[0]}`)"
        raise RecordsError(f"{message}, so its runs cannot be told apart; write it into a module of its own")
    # Not every kind is a part of a network, so there may be no module for torch.
    if _is_foreign(torch_module):
        found[torch_module] = _file(torch_module)
    return [file for file in found.values() if file is not None]


def _is_foreign(module: str) -> bool:
    return module.partition(".")[0] != "archspec"


def _file(module: str) -> Path | None:
    """A module's file, found without importing it, for it may need torch."""
    loaded = sys.modules.get(module)
    if loaded is not None:
        origin = getattr(loaded, "__file__", None)
    else:
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, ValueError):
            spec = None
        origin = spec.origin if spec is not None else None
    return Path(origin) if origin and Path(origin).is_file() else None
