"""Multi-head self-attention over all tokens."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from archspec.spec.mixers import attention as specs
from archspec.spec.place import Grid, Place


class Attention(nn.Module):
    """Softmax attention; the heads together need not be as wide as the tokens."""

    def __init__(self, spec: specs.Attention, at: Place) -> None:
        super().__init__()
        self.heads = spec.heads(at)
        self.qkv = nn.Linear(at.dim, 3 * spec.inner(at), bias=bool(spec.bias))
        self.proj = nn.Linear(spec.inner(at), at.dim, bias=bool(spec.bias))

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        # Cut into three before into heads: the backward pass then joins the gradients in one copy.
        q, k, v = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, 2))
        mixed = F.scaled_dot_product_attention(q, k, v)
        y: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return y
