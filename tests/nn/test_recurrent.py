"""Recurrent mixers against the cells' equations, written out token by token."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from archspec.spec.mixers.bilstm import Bilstm
from archspec.spec.mixers.bilstm2d import Bilstm2d
from archspec.spec.mixers.recurrent import Recurrent
from archspec.spec.place import Grid, Place, Scope
from archspec.spec.traversals import ColumnsReversed

GRIDS = [(1, 1), (1, 7), (6, 1), (3, 5), (5, 3), (4, 4)]


class Reader:
    """One direction of one layer, from its four tensors."""

    def __init__(self, rnn: nn.RNNBase, cell: str, suffix: str) -> None:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        self.cell = cell
        self.w_x, self.w_h, self.b_x, self.b_h = (
            getattr(rnn, f"{name}_{suffix}", torch.zeros((), dtype=torch.float64)) for name in names
        )

    def of_input(self, x: Tensor) -> list[Tensor]:
        """What the input adds to each gate."""
        return list((self.w_x @ x + self.b_x).split(self.w_h.shape[1]))

    def of_state(self, h: Tensor) -> list[Tensor]:
        """What the state adds to each gate."""
        return list((self.w_h @ h + self.b_h).split(self.w_h.shape[1]))

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """The next state, and the next content of an LSTM's cell."""
        a, b = self.of_input(x), self.of_state(h)
        if self.cell == "rnn":
            return (a[0] + b[0]).tanh(), c
        if self.cell == "gru":
            reset, update = ((a[gate] + b[gate]).sigmoid() for gate in (0, 1))
            return (1 - update) * (a[2] + reset * b[2]).tanh() + update * h, c
        i, f, g, o = (one + other for one, other in zip(a, b, strict=True))
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

    def read(self, line: Iterable[Tensor]) -> list[Tensor]:
        """The states along a line, from zero."""
        h = c = self.w_h.new_zeros(self.w_h.shape[1])
        states = []
        for x in line:
            h, c = self.step(x, h, c)
            states.append(h)
        return states


def along(rnn: nn.RNNBase, spec: Recurrent, line: list[Tensor]) -> list[Tensor]:
    """What all layers make of a line, both directions side by side."""
    for layer in range(spec.layers):
        there = Reader(rnn, spec.cell, f"l{layer}").read(line)
        if spec.bidirectional:
            back = Reader(rnn, spec.cell, f"l{layer}_reverse").read(line[::-1])[::-1]
            there = [torch.cat(pair) for pair in zip(there, back, strict=True)]
        line = there
    return line


def on_grid(module: Any, spec: Bilstm2d, image: Tensor) -> Tensor:
    """(H, W, C) → (H, W, C'): every column, every row, merged."""
    rows, columns = image.shape[:2]
    read = {}
    if "vertical" in module.passes:
        by_column = [along(module.passes["vertical"].rnn, spec, list(image[:, column])) for column in range(columns)]
        read["vertical"] = torch.stack([torch.stack(column) for column in by_column], 1)
    if "horizontal" in module.passes:
        by_row = [along(module.passes["horizontal"].rnn, spec, list(image[row])) for row in range(rows)]
        read["horizontal"] = torch.stack([torch.stack(row) for row in by_row])
    parts = list(read.values())
    return sum(parts[1:], parts[0]) if spec.merge == "add" else torch.cat(parts, -1)


def built(spec: Any, grid: Grid, dim: int = 8, class_tokens: tuple[str, ...] = ()) -> tuple[Any, Any]:
    """A mixer in float64 and its resolved spec."""
    torch.manual_seed(0)
    spec = spec.resolve(Scope(grid))
    return spec.build(Place(dim, grid, grid, class_tokens)).double(), spec


def tokens(batch: int, count: int, dim: int = 8) -> Tensor:
    return torch.randn(batch, count, dim, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


MERGES: list[dict[str, Any]] = [
    {}, {"merge": "add"}, {"merge": "vertical", "ratio": 0.5, "project": False}, {"merge": "horizontal"},
    {"cell": "gru"}, {"cell": "rnn", "bidirectional": False}, {"layers": 2, "ratio": 3 / 8}, {"bias": False},
]  # fmt: skip


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("grid", GRIDS, ids=str)
@pytest.mark.parametrize("fields", MERGES, ids=str)
def test_columns_and_rows_follow_the_equations(fields: dict[str, Any], grid: Grid, batch: int) -> None:
    module, spec = built(Bilstm2d(**fields), grid)
    x = tokens(batch, grid[0] * grid[1])
    with torch.no_grad():
        merged = torch.stack([on_grid(module, spec, image) for image in x.unflatten(1, grid)]).flatten(1, 2)  # type: ignore[no-untyped-call]
        expected = merged if module.fc is None else module.fc(merged)
        torch.testing.assert_close(module(x, grid), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("fields", [{}, {"cell": "gru"}, {"cell": "rnn", "layers": 2}, {"project": True}], ids=str)
def test_a_line_follows_the_equations(fields: dict[str, Any], batch: int) -> None:
    module, spec = built(Bilstm(**fields), (2, 3), class_tokens=("middle",))
    x = tokens(batch, 7)
    with torch.no_grad():
        read = torch.stack([torch.stack(along(module.cores[0].cells.rnn, spec, list(line))) for line in x])
        expected = read if module.fc is None else module.fc(read)
        torch.testing.assert_close(module(x, (2, 3)), expected, rtol=0, atol=1e-12)


def test_a_traversal_changes_the_order_and_nothing_else() -> None:
    grid = (3, 4)
    plain, _ = built(Bilstm(bidirectional=False, ratio=1.0), grid)
    other, _ = built(Bilstm(bidirectional=False, ratio=1.0, traversal=ColumnsReversed()), grid)
    other.load_state_dict(plain.state_dict())
    x = tokens(2, 12)
    by_columns = x.unflatten(1, grid).transpose(1, 2).flatten(1, 2).flip(1)  # type: ignore[no-untyped-call]
    expected = plain(by_columns, (4, 3)).flip(1).unflatten(1, (4, 3)).transpose(1, 2).flatten(1, 2)
    torch.testing.assert_close(other(x, grid), expected, rtol=0, atol=1e-12)


def test_shuffled_tokens_are_put_back() -> None:
    module, _ = built(Bilstm(shuffle=True), (3, 4))
    x, line = tokens(2, 12), module.cores[0]
    plain = module(x, (3, 4))
    line.shuffle_seed = 5
    order = torch.randperm(12, generator=torch.Generator().manual_seed(5))
    shuffled = module(x, (3, 4))
    torch.testing.assert_close(shuffled[:, order], line.read(x[:, order]), rtol=0, atol=1e-12)
    assert (shuffled - plain).abs().max() > 1e-3
    assert torch.equal(module.eval()(x, (3, 4)), plain)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (Bilstm2d(ratio=0.01), "leaves none"),
        (Bilstm2d(ratio=0.5, project=False), "16 channels cannot be added to the stage's 8"),
        (Bilstm(ratio=1.0), "16 channels cannot be added to the stage's 8"),
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_refused(spec: Recurrent, message: str) -> None:
    (complaint,) = spec.resolve(Scope((2, 2))).complaints(Place(8, (2, 2), (2, 2)))
    assert message in complaint.message


def test_without_a_projection_the_hint_is_a_ratio_that_fits() -> None:
    at = Place(8, (2, 2), (2, 2))
    (complaint,) = Bilstm2d(ratio=0.5, project=False).complaints(at)
    assert complaint.hint.startswith("write `ratio: 1/4`")
    assert not list(Bilstm2d(ratio=1 / 4, project=False).complaints(at))
