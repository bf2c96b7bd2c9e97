"""The matrix memory of the mLSTM: what tokens read of what was written before them, in three equal forms.

Write F for the running sum of log sigmoid(f), r for i - F, and M for the running maximum of r, where i and f are the
gates as their linear layers give them. With k divided by the root of a head's width, token t reads

    h_t = Σ exp(r_s - M_t) (q_t · k_s) v_s / (max(|Σ exp(r_s - M_t) (q_t · k_s)|, exp(-F_t - M_t)) + ε)

over all s ≤ t. M keeps the exponents below zero and cancels but for ε. Tensors are (B, N, H, D), gates (B, N, H).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from archspec.nn.precision import without_autocast
from archspec.spec.mixers.mlstm import chunk_for

EPS = 1e-6
FLOOR = -80.0
"""The least F + M: its exponential is finite in single precision, and beyond it next to nothing is read anyway."""


class Tokens(NamedTuple):
    """Queries, keys and values of every head, and what its gates are before they are opened."""

    q: Tensor
    k: Tensor
    v: Tensor
    i: Tensor
    f: Tensor


def read(tokens: Tokens, chunk: int | None = None) -> Tensor:
    """What every token reads, so many tokens at once: the parallel form where that is all of them, else chunkwise.

    It is in single precision at least: divided by next to nothing, what is read may be beyond what half a float holds.
    """
    q, k, v, i, f = tokens
    dtype = torch.float32 if q.dtype is torch.float16 else q.dtype
    with without_autocast(q.device):
        h: Tensor = _Read.apply(q.to(dtype), k.to(dtype), v.to(dtype), i, f, chunk or chunk_for(q.shape[1], q.shape[3]))
    return h


def read_one_by_one(tokens: Tokens) -> Tensor:
    """The same token by token, as a sequence without an end would be read: the recurrent form."""
    q, k, v, i, f = tokens
    r, peak, least, _ = _levels(i, f)
    dtype = torch.promote_types(q.dtype, torch.float32)
    q, k, v = (x.to(r.dtype) for x in (q, k / math.sqrt(k.shape[-1]), v))
    memory, norm = torch.zeros_like(k[:, 0, :, :, None] * v[:, 0, :, None]), torch.zeros_like(k[:, 0])
    before, found = peak[:, 0], []
    for t in range(q.shape[1]):
        forget, written = (before - peak[:, t]).exp()[..., None], (r[:, t] - peak[:, t]).exp()[..., None] * k[:, t]
        memory = memory * forget[..., None] + written[..., None] * v[:, t, :, None]
        norm, before = norm * forget + written, peak[:, t]
        size = (norm * q[:, t]).sum(-1).abs().maximum(least[:, t]) + EPS
        found.append((q[:, t, :, None] @ memory).squeeze(-2) / size[..., None])
    return torch.stack(found, 1).to(dtype)


class _Levels(NamedTuple):
    """r, M, exp(-F - M), and where each M was reached: (B, N, H)."""

    r: Tensor
    peak: Tensor
    least: Tensor
    reached: Tensor


def _levels(i: Tensor, f: Tensor) -> _Levels:
    """In double precision where there is one, since they are differences of sums over the whole sequence."""
    wide = torch.float32 if i.device.type == "mps" else torch.float64
    total = F.logsigmoid(f.to(wide)).cumsum(1)
    r = i.to(wide) - total
    peak, reached = r.cummax(1)
    return _Levels(r, peak, (total + peak).clamp(min=FLOOR).neg().exp(), reached)


class _Weights(NamedTuple):
    """How much of a token others read, in the layout of chunks; queries by the root of their width are part of it."""

    within: Tensor
    """By a token of the same chunk: (n, B·H, S, S)."""
    written: Tensor
    """By the state that its chunk leaves behind; no column for the last chunk: (n - 1, B·H, S, 1)."""
    reached: Tensor
    """Of the state before its chunk, by a token; the first has none: (n - 1, B·H, S, 1)."""
    carried: Tensor
    """Of each state, by the next: (n - 2, B·H, 1, 1)."""
    least: Tensor
    """The least size of the denominator: (n, B·H, S, 1)."""


def _weights(levels: _Levels, chunk: int, width: int, dtype: torch.dtype) -> _Weights:
    root = math.log(width) / 2
    # Tokens that fill the last chunk up read nothing: their M is above everything.
    peak = _chunked(levels.peak.unsqueeze(-1), chunk, beyond=math.inf)
    r, least = (_chunked(x.unsqueeze(-1), chunk) for x in (levels.r, levels.least))
    first, last = peak[:, :, :1], peak[:, :, -1:]
    # Above the diagonal the exponential may be infinite; it is cut away, not multiplied.
    within = ((r - first).to(dtype).mT - (peak - first + root).to(dtype)).exp_().tril_()
    states = (r[:-1] - last[:-1], last[:-1] - peak[1:] - root, last[:-2] - last[1:-1])
    written, reached, carried = (x.exp().to(dtype) for x in states)
    return _Weights(within, written, reached, carried, least.to(dtype))


def _chunked(x: Tensor, chunk: int, beyond: float = 0.0) -> Tensor:
    """(B, N, H, D) → (n, B·H, S, D): every product is then one batch, and the chunks with a state are a slice."""
    missing = -x.shape[1] % chunk
    x = F.pad(x, (0, 0, 0, 0, 0, missing), value=beyond) if missing else x
    batch, tokens, heads, width = x.shape
    return x.reshape(batch, tokens // chunk, chunk, heads, width).permute(1, 0, 3, 2, 4).flatten(1, 2).contiguous()


def _whole(x: Tensor, batch: int, tokens: int, heads: int) -> Tensor:
    """(n, B·H, S, D) → (B, N, H, D)."""
    chunks, _, chunk, width = x.shape
    x = x.view(chunks, batch, heads, chunk, width).permute(1, 0, 3, 2, 4)
    return x.flatten(1, 2)[:, :tokens].contiguous()


def _states(k: Tensor, v: Tensor, carried: Tensor) -> tuple[Tensor, Tensor]:
    """The memory and the norm before every chunk but the first."""
    memory, norm = (k.mT @ v).to(carried.dtype), k.sum(-2, keepdim=True, dtype=carried.dtype)
    for n in range(1, len(memory)):
        memory[n].addcmul_(memory[n - 1], carried[n - 1])
        norm[n].addcmul_(norm[n - 1], carried[n - 1])
    return memory.to(k.dtype), norm.to(k.dtype)


class _Inputs(NamedTuple):
    """Queries, keys and values in the layout of chunks."""

    q: Tensor
    k: Tensor
    v: Tensor
    weights: _Weights

    @property
    def writing(self) -> Tensor:
        """What the keys of a chunk leave in its state."""
        return (self.k[:-1] * self.weights.written).to(self.k.dtype)

    @property
    def reaching(self) -> Tensor:
        """What queries ask of the state before their chunk."""
        return (self.q[1:] * self.weights.reached).to(self.q.dtype)

    @property
    def scores(self) -> Tensor:
        """What tokens read of others in their chunk."""
        return (self.q @ self.k.mT).to(self.weights.within.dtype).mul_(self.weights.within)


def _inputs(q: Tensor, k: Tensor, v: Tensor, levels: _Levels, chunk: int) -> _Inputs:
    weights = _weights(levels, chunk, q.shape[-1], torch.promote_types(q.dtype, torch.float32))
    return _Inputs(_chunked(q, chunk), _chunked(k, chunk), _chunked(v, chunk), weights)


def _add_product(to: Tensor, a: Tensor, b: Tensor) -> None:
    """to += a @ b, without a copy between."""
    if to.dtype == a.dtype:
        to.flatten(0, 1).baddbmm_(a.flatten(0, 1), b.flatten(0, 1))
    else:
        to += a @ b


class _Read(torch.autograd.Function):
    """Tokens read those of their own chunk directly and all before through a state."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """(B, N, H, D), at least in single precision."""
        q, k, v, i, f, chunk = inputs
        given = _inputs(q, k, v, _levels(i, f), chunk)
        scores, reaching = given.scores, given.reaching
        memory, total = _states(given.writing, given.v[:-1], given.weights.carried)
        norm, sums = scores.sum(-1, keepdim=True), (scores.to(q.dtype) @ given.v).to(scores.dtype)
        _add_product(sums[1:], reaching, memory)
        _add_product(norm[1:], reaching, total.mT)
        h = _whole(sums / (norm.abs().maximum(given.weights.least) + EPS), *q.shape[:3])
        ctx.save_for_backward(q, k, v, i, f, h, norm, scores, memory, total)
        ctx.chunk = chunk
        return h

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Exactly that of the formula, ε and M included."""
        q, k, v, i, f, h, norm, scores, memory, total = ctx.saved_tensors
        levels = _levels(i, f)
        given = _inputs(q, k, v, levels, ctx.chunk)
        size = norm.abs().maximum(given.weights.least) + EPS
        share = _chunked((grad * h).sum(-1, keepdim=True), ctx.chunk) / size
        is_norm = norm.abs() > given.weights.least
        of_sums = (_chunked(grad, ctx.chunk) / size).to(q.dtype)
        of_norm = torch.where(is_norm, -share * norm.sign(), 0).to(q.dtype)
        of_least = torch.where(is_norm, 0, share * given.weights.least)
        of_q, of_k, of_v = _of_inputs(given, scores, of_sums, of_norm, (memory, total))
        by_token = (_whole(x, *q.shape[:3]) for x in (of_q, of_k, of_v, of_least, share))
        of_q, of_k, of_v, of_least, share = by_token
        of_i, of_f = _of_gates(f, levels, (k * of_k).sum(-1), of_least.squeeze(-1), share.squeeze(-1))
        return of_q, of_k, of_v, of_i.to(i.dtype), of_f.to(f.dtype), None


def _of_inputs(
    given: _Inputs, scores: Tensor, of_sums: Tensor, of_norm: Tensor, states: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of queries, keys and values from those of both sums over tokens."""
    (q, k, v, weights), (memory, total) = given, states
    of_scores = (of_sums @ v.mT + of_norm).mul_(weights.within).to(q.dtype)
    of_q, of_k = of_scores @ k, of_scores.mT @ q
    of_v = scores.to(q.dtype).mT @ of_sums
    of_q[1:].addcmul_(of_sums[1:] @ memory.mT + of_norm[1:] * total, weights.reached.to(q.dtype))
    of_memory, of_total = _of_states(given.reaching, of_sums[1:], of_norm[1:], weights.carried)
    of_k[:-1].addcmul_(v[:-1] @ of_memory.mT + of_total, weights.written.to(q.dtype))
    _add_product(of_v[:-1], given.writing, of_memory)
    return of_q, of_k, of_v


def _of_states(reaching: Tensor, of_sums: Tensor, of_norm: Tensor, carried: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of the memory and the norm: what their own chunk reads, and all later ones."""
    of_memory = (reaching.mT @ of_sums).to(carried.dtype)
    of_total = (reaching * of_norm).sum(-2, keepdim=True, dtype=carried.dtype)
    for n in reversed(range(len(carried))):
        of_memory[n].addcmul_(of_memory[n + 1], carried[n])
        of_total[n].addcmul_(of_total[n + 1], carried[n])
    return of_memory.to(reaching.dtype), of_total.to(reaching.dtype)


def _of_gates(f: Tensor, levels: _Levels, of_r: Tensor, of_least: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of the gates: r through what is written, F through the least denominator, M through ε."""
    of_r = of_r.to(levels.r.dtype).scatter_add(1, levels.reached, (-EPS * share).to(levels.r.dtype))
    of_total = torch.where(levels.least < math.exp(-FLOOR), of_least, 0) - of_r
    of_log_f = of_total.flip(1).cumsum(1).flip(1)
    return of_r, of_log_f * torch.sigmoid(-f.to(of_log_f.dtype))
