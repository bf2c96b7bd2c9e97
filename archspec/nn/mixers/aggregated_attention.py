"""Aggregated attention."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.nn.mixers.cosine import Cosine, unit
from archspec.nn.mixers.heads import apart, joined
from archspec.nn.tokens import as_map, as_tokens
from archspec.nn.windows import counts, dots, outside, sums
from archspec.spec.mixers import aggregated_attention as specs
from archspec.spec.place import Grid, Place


class AggregatedAttention(Cosine):
    """One softmax over the window around a token and the pooled map of all; one layer gives keys and values of both."""

    def __init__(self, spec: specs.AggregatedAttention, at: Place) -> None:
        coarse, window = spec.coarse(at), spec.window**2
        super().__init__(spec, at, window + coarse.native[0] * coarse.native[1])
        inner, bias = spec.inner(at), "linear" in spec.bias
        self.window, self.pooled_grid = spec.window, spec.pooled
        self.q = nn.Linear(at.dim, inner, bias=bias)
        self.kv = nn.Linear(at.dim, 2 * inner, bias=bias)
        self.reduction = nn.Conv2d(at.dim, at.dim, 1, bias="conv" in spec.bias)
        self.activation = spec.activation.build(at)
        self.norm = spec.norm.build(coarse)
        self.proj = nn.Linear(inner, at.dim, bias=bias)
        self.window_bias = nn.Parameter(torch.empty(self.heads, window)) if spec.position_bias else None
        self.learned_keys: nn.Parameter | None = None
        if spec.positional_attention:
            self.learned_keys = nn.Parameter(torch.empty(self.heads, spec.head_dim, window))
            self.learned_bias = nn.Parameter(torch.empty(self.heads, window))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Small random numbers; the bias of the learned keys is zero."""
        super().reset_parameters()
        if self.window_bias is not None:
            nn.init.trunc_normal_(self.window_bias, std=0.0004)
        if self.learned_keys is not None:
            nn.init.trunc_normal_(self.learned_keys, std=0.02)
            nn.init.zeros_(self.learned_bias)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        tokens = [self.q(x), *self.kv(x).chunk(2, 2), *self.kv(self.coarse(x, grid)).chunk(2, 2)]
        y: Tensor = self.proj(joined(self.attended([apart(part, self.heads).contiguous() for part in tokens], grid)))
        return y

    def attended(self, tokens: Sequence[Tensor], grid: Grid) -> Tensor:
        """Queries, keys and values (B, heads, N, D), pooled keys and values (B, heads, M, D) → (B, heads, N, D)."""
        q, k, v, k_pooled, v_pooled = tokens
        q, pooled = unit(q), self.pooled_grid(grid)
        queries = self.scaled(q, counts(grid, self.window, q) + pooled[0] * pooled[1])
        near = dots(queries, unit(k), grid, self.window) + self.near_bias(grid, q)
        far = queries @ unit(k_pooled).mT
        if self.cpb is not None:
            far = far + self.cpb(grid, pooled)
        weights = torch.cat([near, far], -1).softmax(-1)
        near, far = torch.split(weights, [near.shape[-1], far.shape[-1]], -1)
        if self.learned_keys is not None:
            near = near + (q @ self.learned_keys + self.learned_bias.unsqueeze(1))
        y: Tensor = sums(near, v, grid, self.window) + far @ v_pooled
        return y

    def coarse(self, x: Tensor, grid: Grid) -> Tensor:
        """The pooled map's tokens: (B, N, C) → (B, M, C)."""
        active = self.activation(as_tokens(self.reduction(as_map(x, grid))))
        y: Tensor = self.norm(as_tokens(F.adaptive_avg_pool2d(as_map(active, grid), self.pooled_grid(grid))))
        return y

    def near_bias(self, grid: Grid, like: Tensor) -> Tensor:
        """What is learned of a window's places; -∞ where they are beyond the map: (heads, N, window²)."""
        beyond: Tensor = outside(grid, self.window, like)
        return beyond if self.window_bias is None else self.window_bias.unsqueeze(1) + beyond
