"""Several comparisons at once: the more one looks at, the more chance has to offer."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


def holm(p: Mapping[Name, float | None]) -> dict[Name, float | None]:
    """p values corrected by Holm's steps; comparisons without one stay without, and do not count."""
    ordered = sorted((value, i, name) for i, (name, value) in enumerate(p.items()) if value is not None)
    corrected: dict[Name, float | None] = dict.fromkeys(p)
    largest = 0.0
    for rank, (value, _, name) in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - rank) * value))
        corrected[name] = largest
    return corrected
