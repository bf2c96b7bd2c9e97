"""Other people's parameter names, one file a family of networks.

A dialect is a list of (pattern, replacement): the first pattern that matches a whole name rewrites it to ours.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import dataclass
from functools import cache
from typing import Literal


@dataclass(frozen=True)
class Dialect:
    """The parameter names of one code base for one family of networks."""

    source: Literal["timm", "official"]
    rules: tuple[tuple[str, str], ...]

    def translate(self, name: str) -> str:
        """Our name for one of theirs; a name no rule knows stays as it is."""
        for pattern, replacement in self.rules:
            match = re.fullmatch(pattern, name)
            if match:
                return match.expand(replacement)
        return name


@cache
def dialects() -> tuple[Dialect, ...]:
    """Every dialect of every file of this package."""
    modules = (importlib.import_module(module.name) for module in pkgutil.iter_modules(__path__, __name__ + "."))
    return tuple(dialect for module in modules for dialect in module.DIALECTS)
