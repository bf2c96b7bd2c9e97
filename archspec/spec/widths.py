"""Hidden widths: a ratio of the width they stand in."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.spec.base import Complaint


def check_ratio(ratio: float, dim: int) -> Iterator[Complaint]:
    """Something must be left of the width."""
    if int(dim * ratio) < 1:
        yield Complaint("ratio", f"{ratio:g} × {dim} channels leaves none", f"a ratio of at least 1/{dim}")
