"""Position tables: resized, and with class tokens."""

from __future__ import annotations

import math

import pytest
import torch

from archspec.spec.place import Place
from archspec.spec.positions import Learned, SinCos


def zeros(at: Place) -> torch.Tensor:
    return torch.zeros(1, at.tokens, at.dim)


def test_a_table_at_its_own_grid_is_added_as_it_is() -> None:
    at = Place(8, (3, 4), (3, 4), ("start",))
    module = Learned(covers="all").build(at)
    assert torch.equal(module(zeros(at), at.grid)[0], module.table)


def test_class_tokens_that_are_not_covered_get_nothing() -> None:
    at = Place(8, (3, 4), (3, 4), ("start", "end"))
    module = Learned().build(at)
    added = module(zeros(at), at.grid)[0]
    assert torch.equal(added[1:-1], module.table)
    assert not added[0].any()
    assert not added[-1].any()


@pytest.mark.parametrize("covers", ["grid", "all"])
def test_resizing_keeps_a_ramp_a_ramp_and_class_tokens_as_they_are(covers: str) -> None:
    native, at = (8, 4), Place(2, (16, 4), (8, 4), ("start",))
    module = Learned(covers=covers).build(at)
    ramp = torch.arange(8.0).view(8, 1, 1).expand(*native, 2).reshape(32, 2)
    with torch.no_grad():
        module.table.copy_(torch.cat([torch.full((1, 2), 9.0), ramp]) if covers == "all" else ramp)
    added = module(zeros(at), at.grid)[0]
    rows = added[1:].view(16, 4, 2)
    expected = torch.arange(16.0) / 2 - 0.25
    torch.testing.assert_close(rows[4:-4, 0, 0], expected[4:-4], atol=1e-4, rtol=0)
    torch.testing.assert_close(rows[:, 0, :], rows[:, 3, :])
    assert added[0].tolist() == ([9, 9] if covers == "all" else [0, 0])


def test_shrinking_does_not_alias() -> None:
    module, at = Learned().build(Place(1, (16, 16), (16, 16))), Place(1, (8, 8), (16, 16))
    stripes = (torch.arange(16) % 2 * 2.0 - 1).view(16, 1).expand(16, 16).reshape(256, 1)
    with torch.no_grad():
        module.table.copy_(stripes)
    assert module(zeros(at), at.grid)[0].view(8, 8)[2:-2, 2:-2].abs().max() < 0.2


def test_sines_and_cosines() -> None:
    at = Place(8, (3, 5), (3, 5), ("end",))
    added = SinCos().build(at)(zeros(at), at.grid)[0]
    row, column = 2, 3
    waves = [[f(place * w) for f in (math.sin, math.cos) for w in (1, 0.01)] for place in (row, column)]
    torch.testing.assert_close(added[row * 5 + column], torch.tensor(waves).flatten())
    assert not added[-1].any()


def test_sines_do_not_depend_on_the_native_grid() -> None:
    at = Place(8, (3, 5), (7, 7))
    elsewhere = SinCos().build(Place(8, (3, 5), (3, 5)))
    assert torch.equal(SinCos().build(at)(zeros(at), at.grid), elsewhere(zeros(at), at.grid))
