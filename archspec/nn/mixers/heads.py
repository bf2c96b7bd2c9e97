"""How tokens are cut into heads and joined again."""

from __future__ import annotations

from torch import Tensor


def apart(x: Tensor, heads: int) -> Tensor:
    """(B, N, heads·D) → (B, heads, N, D), a view."""
    return x.view(*x.shape[:2], heads, x.shape[2] // heads).transpose(1, 2)


def joined(x: Tensor) -> Tensor:
    """(B, heads, N, D) → (B, N, heads·D)."""
    return x.transpose(1, 2).flatten(2)
