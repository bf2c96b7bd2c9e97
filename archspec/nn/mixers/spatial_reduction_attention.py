"""Attention to a smaller map."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from archspec.nn.mixers.heads import apart, joined
from archspec.nn.tokens import as_map, as_tokens
from archspec.spec.mixers import spatial_reduction_attention as specs
from archspec.spec.place import Grid, Place


class SpatialReductionAttention(nn.Module):
    """Queries are all tokens; keys and values are those of a map that a convolution or pooling has made smaller."""

    def __init__(self, spec: specs.SpatialReductionAttention, at: Place) -> None:
        super().__init__()
        inner, bias = spec.inner(at), "linear" in spec.bias
        self.heads, self.pool_size = spec.heads(at), spec.pool_size
        self.q = nn.Linear(at.dim, inner, bias=bias)
        self.reduction: nn.Conv2d | None = None
        if spec.reduces:
            self.reduction = nn.Conv2d(at.dim, at.dim, spec.reduction, spec.reduction, bias="conv" in spec.bias)
        self.norm = spec.norm.build(spec.coarse(at))
        self.kv = nn.Linear(at.dim, 2 * inner, bias=bias)
        self.proj = nn.Linear(inner, at.dim, bias=bias)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        q = apart(self.q(x), self.heads)
        k, v = (apart(part, self.heads) for part in self.kv(self.smaller(x, grid)).chunk(2, 2))
        y: Tensor = self.proj(joined(F.scaled_dot_product_attention(q, k, v)))
        return y

    def smaller(self, x: Tensor, grid: Grid) -> Tensor:
        """The tokens that are looked at: (B, N, C) → (B, M, C)."""
        if self.reduction is None:
            return x
        map_bchw = as_map(x, grid)
        if self.pool_size:
            pooled = F.adaptive_avg_pool2d(map_bchw, self.pool_size)
            return F.gelu(self.norm(as_tokens(self.reduction(pooled))))
        y: Tensor = self.norm(as_tokens(self.reduction(map_bchw)))
        return y
