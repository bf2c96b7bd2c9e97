"""Sequencer's operators and one block of it against outputs of the authors' own code."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from archspec.nn.block import Block
from archspec.spec import arch as archs
from archspec.spec.mixers.bilstm2d import Bilstm2d
from archspec.spec.mixers.recurrent import Recurrent
from archspec.spec.mlps.mlp import Mlp
from archspec.spec.norms import LayerNorm
from archspec.spec.place import Place, Scope
from archspec.spec.scalings import NoScaling
from tests.golden.test_operators import agree, case, loaded

OURS = {"rnn_v.": "passes.vertical.rnn.", "rnn_h.": "passes.horizontal.rnn."}
IN_A_BLOCK = {
    "norm1.": "mixer.norm.", "norm2.": "mlp.norm.", "mlp_channels.": "mlp.op.", "rnn_tokens.fc.": "mixer.op.fc.",
    **{f"rnn_tokens.{theirs}": f"mixer.op.{ours}" for theirs, ours in OURS.items()},
}  # fmt: skip
OPERATORS: dict[str, dict[str, Any]] = {
    "lstm2d_cat_fc": {},
    "lstm2d_cat_nofc": {"project": False},
    "lstm2d_add_fc": {"merge": "add"},
    "lstm2d_vertical_nofc": {"merge": "vertical", "ratio": 0.5, "project": False},
    "lstm2d_horizontal_fc": {"merge": "horizontal"},
    "lstm2d_horizontal_nofc": {"merge": "horizontal", "ratio": 0.5, "project": False},
    "lstm2d_uni": {"bidirectional": False},
    "gru2d": {"cell": "gru"},
    "rnn2d_tanh": {"cell": "rnn"},
}


def renamed(weights: dict[str, Tensor], rules: dict[str, str]) -> dict[str, Tensor]:
    """Weights under other names: the beginnings of names change."""

    def ours(name: str) -> str:
        return next((new + name.removeprefix(old) for old, new in rules.items() if name.startswith(old)), name)

    return {ours(name): tensor for name, tensor in weights.items()}


def at_its_place(x: Tensor) -> Place:
    """Where an operator stands whose input is (B, H, W, C)."""
    grid = (x.shape[1], x.shape[2])
    return Place(x.shape[3], grid, grid)


def as_resolved(spec: Recurrent) -> Recurrent:
    """A mixer as it is in a stage that says nothing."""
    return spec.resolve(Scope((1, 1)))


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name: str) -> None:
    x, y, weights = case(f"sequencer_{name}", {})
    at = at_its_place(x)
    module = loaded(as_resolved(Bilstm2d(**OPERATORS[name])).build(at), renamed(weights, OURS))
    assert agree(module(x.flatten(1, 2), at.grid), y.flatten(1, 2))


def test_a_block() -> None:
    x, y, weights = case("sequencer_block_s_192_48", {})
    at, norm = at_its_place(x), LayerNorm(bias=("norm",))
    mixer, mlp = as_resolved(Bilstm2d()), Mlp(ratio=3).resolve(Scope(at.grid))
    spec = archs.Block(archs.Branch(norm, mixer, NoScaling()), archs.Branch(norm, mlp, NoScaling()))
    block = loaded(Block(spec, at), renamed(weights, IN_A_BLOCK))
    with torch.no_grad():
        assert agree(block(x.flatten(1, 2), at.grid), y.flatten(1, 2))
