"""The mLSTM, an LSTM whose memory is a matrix."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.nn.matrix_memory import Tokens, read
from archspec.nn.mixers.sequence import SequenceMixer
from archspec.spec.mixers import mlstm as specs
from archspec.spec.place import Grid, Place


class Mlstm(SequenceMixer):
    """Two projections, the first read by heads with a matrix memory, the second its gate; and one back."""

    def __init__(self, spec: specs.Mlstm, at: Place) -> None:
        super().__init__(spec, at)
        inner, bias = spec.inner(at), "linear" in spec.bias
        self.up = nn.Linear(at.dim, 2 * inner, bias=bias)
        self.down = nn.Linear(inner, at.dim, bias=bias)

    def core(self, spec: specs.Mlstm, at: Place) -> nn.Module:
        """What lies between the projections."""
        return Core(spec, at)

    def before(self, x: Tensor) -> Tensor:
        """Both halves."""
        y: Tensor = self.up(x)
        return y

    def after(self, y: Tensor) -> Tensor:
        """Back to the width of the stage."""
        x: Tensor = self.down(y)
        return x


class Core(nn.Module):
    """Convolutions, queries, keys and values, gates, the memory and its norm."""

    def __init__(self, spec: specs.Mlstm, at: Place) -> None:
        super().__init__()
        inner, bias = spec.inner(at), "linear" in spec.bias
        self.value_conv = spec.value_conv
        convolutions = (spec.conv.build(at.wide(inner), bias="conv" in spec.bias) for _ in range(spec.convolutions()))
        self.conv = nn.ModuleList(convolutions)
        self.q, self.k, self.v = (Blocks(inner, spec.block, math.sqrt(0.4 / at.dim), bias) for _ in range(3))
        self.memory = Memory(inner, spec.heads)
        self.norm = HeadNorm(inner, spec.heads, "norm" in spec.bias)
        self.skip = Skip(inner) if spec.skip else None

    def forward(self, u: Tensor, grid: Grid, class_tokens: tuple[str, ...]) -> Tensor:
        """Both halves (B, N, 2C) → (B, N, C)."""
        x, gate = u.chunk(2, 2)
        convolved = [F.silu(conv(x, grid, class_tokens)) for conv in self.conv]
        for_q, for_k, for_v = convolved[0], convolved[min(1, len(convolved) - 1)], convolved[-1]
        q, k, v = self.q(for_q), self.k(for_k), self.v(for_v if self.value_conv else x)
        y = self.norm(self.memory(q, k, v)).to(u.dtype)
        if self.skip is not None:
            y = self.skip(y, for_q)
        result: Tensor = y * F.silu(gate)
        return result


class Blocks(nn.Module):
    """A linear layer that joins only so many neighbouring channels: its matrix is blocks along the diagonal."""

    bias: nn.Parameter | None

    def __init__(self, dim: int, block: int, std: float, bias: bool) -> None:
        super().__init__()
        self.std = std
        self.weight = nn.Parameter(torch.empty(dim // block, block, block))
        self.register_parameter("bias", nn.Parameter(torch.empty(dim)) if bias else None)
        self.joined = math.gcd(4, dim // block)
        """How many blocks are multiplied as one with zeros beside them, which is faster than each alone."""
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """As small as the projections of the paper, whatever the scheme of the network."""
        nn.init.normal_(self.weight, std=self.std)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        matrices = self.matrices().to(x.dtype)
        pieces = x.reshape(x.shape[0] * x.shape[1], *matrices.shape[:2]).transpose(0, 1)
        y = torch.bmm(pieces, matrices.mT).transpose(0, 1).reshape(x.shape)
        return y if self.bias is None else y + self.bias.to(y.dtype)

    def matrices(self) -> Tensor:
        """Blocks joined along the diagonal: (C / s, s, s)."""
        count, side, _ = self.weight.shape
        apart = torch.eye(self.joined, dtype=self.weight.dtype, device=self.weight.device)
        blocks = self.weight.view(-1, self.joined, side, 1, side) * apart.view(1, self.joined, 1, self.joined, 1)
        return blocks.reshape(count // self.joined, self.joined * side, self.joined * side)


class Gate(nn.Linear):
    """A gate of every head; at first the same for all tokens."""

    def __init__(self, dim: int, heads: int, forgets: bool) -> None:
        self.forgets = forgets
        super().__init__(dim, heads)

    def reset_parameters(self) -> None:
        """No weights; forget gates nearly open, each head's another bit."""
        nn.init.zeros_(self.weight)
        if self.forgets:
            with torch.no_grad():
                self.bias.copy_(torch.linspace(3, 6, len(self.bias)))
        else:
            nn.init.normal_(self.bias, std=0.1)


class Memory(nn.Module):
    """What tokens read of those before them: gates made of queries, keys and values, and as many memories as heads."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.input, self.forget = Gate(3 * dim, heads, forgets=False), Gate(3 * dim, heads, forgets=True)

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """(B, N, C) → (B, N, C), at least in single precision."""
        joined, shape = torch.cat([q, k, v], 2), (*q.shape[:2], self.heads, q.shape[2] // self.heads)
        i, f = self.input(joined), self.forget(joined)
        return read(Tokens(q.reshape(shape), k.reshape(shape), v.reshape(shape), i, f)).flatten(2)


class HeadNorm(nn.Module):
    """Each token over the channels of each head."""

    bias: nn.Parameter | None

    def __init__(self, dim: int, heads: int, bias: bool) -> None:
        super().__init__()
        self.heads = heads
        self.weight = nn.Parameter(torch.empty(dim))
        self.register_parameter("bias", nn.Parameter(torch.empty(dim)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Ones and zeros."""
        nn.init.ones_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        heads = x.reshape(*x.shape[:2], self.heads, x.shape[2] // self.heads)
        y = F.layer_norm(heads, heads.shape[-1:], eps=1e-5).flatten(2)
        return y * self.weight if self.bias is None else torch.addcmul(self.bias, y, self.weight)


class Skip(nn.Module):
    """A second way past the memory."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def reset_parameters(self) -> None:
        """Open."""
        nn.init.ones_(self.weight)

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        """y and each channel of x by its weight."""
        return torch.addcmul(y, x, self.weight.to(y.dtype))
