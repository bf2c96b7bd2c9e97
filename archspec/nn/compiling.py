"""What compilers are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch

F = TypeVar("F", bound=Callable[..., Any])


def uncompiled(reason: str) -> Callable[[F], F]:
    """Have a compiler break its graph at the calls of a function, and say why."""
    marked: Callable[[F], F] = torch.compiler.disable(reason=reason)  # type: ignore[no-untyped-call]
    return marked
