"""What TransNeXt's two attentions share."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.nn.position_biases import PositionBias
from archspec.spec.mixers import cosine as specs
from archspec.spec.place import Place

START = 1 / 0.24
"""Where the scale starts, before the length is taken into account: keeps the entropy the same at any length."""


class Cosine(nn.Module):
    """The learned scale, the learned query and the biases; `keys` is how many keys a token has on the native grid."""

    def __init__(self, spec: specs.Cosine, at: Place, keys: int) -> None:
        super().__init__()
        self.heads, self.length_scaling = spec.heads(at), spec.length_scaling
        self.start = START if spec.length_scaling else START * max(1.0, math.log(keys))
        self.temperature = nn.Parameter(torch.empty(self.heads))
        self.query_embedding: nn.Parameter | None = None
        if spec.query_embedding:
            self.query_embedding = nn.Parameter(torch.empty(self.heads, spec.head_dim))
        self.cpb = PositionBias(self.heads, at.native) if spec.position_bias else None

    def reset_parameters(self) -> None:
        """The temperature is kept before its softplus; queries start small."""
        nn.init.constant_(self.temperature, math.log(math.expm1(self.start)))
        if self.query_embedding is not None:
            nn.init.trunc_normal_(self.query_embedding, std=0.02)

    def scaled(self, q: Tensor, length: Tensor | int) -> Tensor:
        """Queries (B, heads, N, D) with what is added to all, times the scale for so many keys: a number or (N,)."""
        if self.query_embedding is not None:
            q = q + self.query_embedding.unsqueeze(1)
        scale = F.softplus(self.temperature)[:, None, None]
        if self.length_scaling:
            scale = scale * (length.log()[:, None] if isinstance(length, Tensor) else math.log(length))
        return q * scale


def unit(x: Tensor) -> Tensor:
    """Vectors of length one."""
    return F.normalize(x, dim=-1)
