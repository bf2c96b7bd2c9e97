"""Cosine attention over all tokens."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from archspec.nn.mixers.cosine import Cosine, unit
from archspec.nn.mixers.heads import apart, joined
from archspec.nn.tokens import with_zeros
from archspec.spec.mixers import cosine_attention as specs
from archspec.spec.place import Grid, Place


class CosineAttention(Cosine):
    """Length-scaled cosine attention; a class token has no distance to anything."""

    def __init__(self, spec: specs.CosineAttention, at: Place) -> None:
        super().__init__(spec, at, at.native[0] * at.native[1] + len(at.class_tokens))
        self.class_tokens = at.class_tokens
        self.qkv = nn.Linear(at.dim, 3 * spec.inner(at), bias=bool(spec.bias))
        self.proj = nn.Linear(spec.inner(at), at.dim, bias=bool(spec.bias))
        self.reset_parameters()

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        # Each in memory of its own: what is kept of one does not keep the others.
        q, k, v = (apart(part.contiguous(), self.heads) for part in self.qkv(x).chunk(3, 2))
        bias = None if self.cpb is None else self.among_all(self.cpb(grid, grid))
        mixed = F.scaled_dot_product_attention(self.scaled(unit(q), x.shape[1]), unit(k), v, attn_mask=bias, scale=1)
        y: Tensor = self.proj(joined(mixed))
        return y

    def among_all(self, bias: Tensor) -> Tensor:
        """The biases between the grid's tokens, and none from and to class tokens: (heads, N, N)."""
        return with_zeros(with_zeros(bias, self.class_tokens).mT, self.class_tokens).mT
