"""Recurrent layers: torch's own, which the fast libraries of each device stand behind."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from archspec.nn.compiling import uncompiled
from archspec.nn.precision import without_autocast
from archspec.spec.mixers.recurrent import Recurrent
from archspec.spec.place import Place

LAYERS: dict[str, Callable[..., nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
WHY = "recurrent layers stay torch's own, which a compiler would unroll step by step"


class Cells(nn.Module):
    """What makes one pass over lines of tokens, with the states starting at zero."""

    graph_break = WHY
    """Why a compiler leaves this out of its graph."""

    def __init__(self, spec: Recurrent, at: Place) -> None:
        super().__init__()
        layers, width = LAYERS[spec.cell], spec.hidden(at)
        self.rnn = layers(at.dim, width, spec.layers, bias=bool(spec.bias), bidirectional=spec.bidirectional)

    @uncompiled(WHY)
    def forward(self, x_tbc: Tensor) -> Tensor:
        """(T, B, C) → (T, B, C'): steps first, as it is computed, and contiguous, so that both directions share it."""
        if x_tbc.is_cpu and torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") is torch.float16:
            # Torch has no such LSTM.
            with without_autocast(x_tbc.device):
                return self.forward(x_tbc.float())
        y_tbc: Tensor = self.rnn(x_tbc.contiguous())[0]
        return y_tbc


def projection(spec: Recurrent, at: Place) -> nn.Linear | None:
    """What follows all passes, if anything does."""
    return nn.Linear(spec.merged(at), at.dim, bias=bool(spec.bias)) if spec.project else None
