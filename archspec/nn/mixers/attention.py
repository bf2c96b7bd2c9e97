"""Multi-head self-attention over all tokens."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from archspec.nn.mixers.heads import apart, joined
from archspec.nn.mixers.sequence import SequenceMixer
from archspec.spec.mixers import attention as specs
from archspec.spec.place import Grid, Place


class Attention(SequenceMixer):
    """Softmax attention; the heads together need not be as wide as the tokens."""

    def __init__(self, spec: specs.Attention, at: Place) -> None:
        super().__init__(spec, at)
        self.qkv = nn.Linear(at.dim, 3 * spec.inner(at), bias=bool(spec.bias))
        self.proj = nn.Linear(spec.inner(at), at.dim, bias=bool(spec.bias))

    def core(self, spec: specs.Attention, at: Place) -> nn.Module:
        """Attention proper, which has no weights."""
        return Heads(spec.heads(at), spec.causal)

    def before(self, x: Tensor) -> Tensor:
        """Queries, keys and values."""
        y: Tensor = self.qkv(x)
        return y

    def after(self, y: Tensor) -> Tensor:
        """The projection."""
        x: Tensor = self.proj(y)
        return x


class Heads(nn.Module):
    """What tokens make of each other, head by head."""

    def __init__(self, heads: int, causal: bool) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal

    def forward(self, x: Tensor, grid: Grid, class_tokens: tuple[str, ...]) -> Tensor:
        """Queries, keys and values (B, N, 3C) → (B, N, C)."""
        # Cut into three before into heads: the backward pass then joins the gradients in one copy.
        q, k, v = (apart(part, self.heads) for part in x.chunk(3, 2))
        return joined(F.scaled_dot_product_attention(q, k, v, is_causal=self.causal))
