"""Other people's parameter names, one file a family of networks.

A dialect is a list of (pattern, replacement): the first pattern that matches a whole name rewrites it to ours. Where
numbers have to be counted otherwise, the replacement is a function. What is stored in another form is changed after.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

from torch import Tensor


@dataclass(frozen=True)
class Dialect:
    """The parameter names of one code base for one family of networks."""

    source: Literal["timm", "official"]
    rules: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]
    changes: tuple[tuple[str, Callable[[Tensor], Tensor]], ...] = ()
    """What is done to the tensors whose names, as we call them, match a pattern as a whole."""

    @cached_property
    def _compiled(self) -> list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]]:
        """The rules, ready for use: together they are more than Python remembers by itself."""
        return [(re.compile(pattern), replacement) for pattern, replacement in self.rules]

    def translate(self, name: str) -> str:
        """Our name for one of theirs; a name no rule knows stays as it is."""
        for pattern, replacement in self._compiled:
            if match := pattern.fullmatch(name):
                return match.expand(replacement) if isinstance(replacement, str) else replacement(match)
        return name

    def change(self, name: str, tensor: Tensor) -> Tensor:
        """A tensor as we store it, given our name for it."""
        for pattern, changed in self.changes:
            if re.fullmatch(pattern, name):
                tensor = changed(tensor)
        return tensor


@cache
def dialects() -> tuple[Dialect, ...]:
    """Every dialect of every file of this package."""
    modules = (importlib.import_module(module.name) for module in pkgutil.iter_modules(__path__, __name__ + "."))
    return tuple(dialect for module in modules for dialect in module.DIALECTS)
