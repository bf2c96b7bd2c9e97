"""Recurrent cells along the sequence of all tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archspec.nn.compiling import uncompiled
from archspec.nn.mixers.recurrent import Cells, projection
from archspec.nn.mixers.sequence import SequenceMixer
from archspec.spec.mixers import bilstm as specs
from archspec.spec.place import Grid, Place


class Bilstm(SequenceMixer):
    """One pass over all tokens in each order of the traversal."""

    def __init__(self, spec: specs.Bilstm, at: Place) -> None:
        super().__init__(spec, at)
        self.fc = projection(spec, at)

    def core(self, spec: specs.Bilstm, at: Place) -> nn.Module:
        """One pass."""
        return Line(spec, at)

    def after(self, y: Tensor) -> Tensor:
        """The projection, if there is one."""
        return y.contiguous() if self.fc is None else self.fc(y)


class Line(nn.Module):
    """One pass over all tokens as one line."""

    shuffle_seed: int | None = None
    """What the order of tokens is drawn from in training; whoever trains sets it before each step."""

    def __init__(self, spec: specs.Bilstm, at: Place) -> None:
        super().__init__()
        self.shuffles = spec.shuffle
        self.cells = Cells(spec, at)

    def forward(self, x: Tensor, grid: Grid, class_tokens: tuple[str, ...]) -> Tensor:
        """(B, N, C) → (B, N, C'), perhaps a view."""
        if not (self.shuffles and self.training) or self.shuffle_seed is None:
            return self.read(x)
        order = self.order(x)
        return self.read(x[:, order])[:, order.argsort()]

    @uncompiled("an order is drawn anew for each step")
    def order(self, x: Tensor) -> Tensor:
        """The order that the seed gives tokens (B, N, C)."""
        draws = torch.Generator().manual_seed(self.shuffle_seed)  # type: ignore[arg-type]
        return torch.randperm(x.shape[1], generator=draws).to(x.device)

    def read(self, x: Tensor) -> Tensor:
        """(B, N, C) → (B, N, C'), a view."""
        y: Tensor = self.cells(x.transpose(0, 1))
        return y.transpose(0, 1)
