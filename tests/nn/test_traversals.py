"""Traversals are permutations of the sequence, in the order that their names say, and `back` is the way back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from archspec.nn.tokens import apart
from archspec.spec.arch import CLASS_TOKENS
from archspec.spec.mixers.attention import Attention
from archspec.spec.mixers.mlstm import Mlstm
from archspec.spec.place import Place, Scope
from archspec.spec.traversals import SWAPPED, Beside, Bi, Oct, Quad, Rows, RowsReversed, Scan, Traversal, Uni

SCANS = Oct().scans()
ALL_CLASS_TOKENS = [names for count in range(4) for names in itertools.combinations(CLASS_TOKENS, count)]

orders = st.sampled_from(SCANS)
sides = st.integers(1, 7)
class_tokens = st.sampled_from(ALL_CLASS_TOKENS)


def place(rows: int, columns: int, names: tuple[str, ...] = ()) -> Place:
    return Place(2, (rows, columns), (rows, columns), names)


def numbered(at: Place) -> Tensor:
    """Tokens that say which they are: (1, N, 2)."""
    return torch.arange(at.tokens).view(1, -1, 1).expand(1, at.tokens, at.dim).double()


def read(scan: Scan, at: Place) -> list[int]:
    """The tokens in the order of a scan."""
    order: Tensor = scan.build(at)(numbered(at), at.grid)
    return order[0, :, 0].long().tolist()


def by_hand(kind: str, rows: int, columns: int) -> Iterator[int]:
    """The same, from the name alone, on a grid without class tokens."""
    along, _, corner = kind.partition("_")
    corner = {"": "top_left", "reversed": "bottom_right"}.get(corner, corner)
    downwards = range(rows) if "top" in corner else range(rows - 1, -1, -1)
    rightwards = range(columns) if "left" in corner else range(columns - 1, -1, -1)
    if along == "rows":
        return (row * columns + column for row in downwards for column in rightwards)
    return (row * columns + column for column in rightwards for row in downwards)


@given(orders, sides, sides)
def test_a_scan_goes_where_its_name_says(scan: Scan, rows: int, columns: int) -> None:
    assert read(scan, place(rows, columns)) == list(by_hand(scan.kind, rows, columns))  # type: ignore[attr-defined]


@given(orders, sides, sides, class_tokens)
def test_a_scan_is_a_permutation_and_back_its_inverse(
    scan: Scan, rows: int, columns: int, names: tuple[str, ...]
) -> None:
    at = place(rows, columns, names)
    module, x = scan.build(at), numbered(at)
    assert sorted(read(scan, at)) == list(range(at.tokens))
    assert torch.equal(module.back(module(x, at.grid), at.grid), x)
    assert torch.equal(module(module.back(x, at.grid), at.grid), x)


@given(orders, sides, sides, class_tokens)
def test_class_tokens_are_met_where_it_is_said(scan: Scan, rows: int, columns: int, names: tuple[str, ...]) -> None:
    at = place(rows, columns, names)
    before, met = apart(numbered(at), names), scan.class_tokens(names)
    after = apart(scan.build(at)(numbered(at), at.grid), met)
    for name in names:
        assert torch.equal(after[SWAPPED[name] if scan.backwards else name], before[name])


@given(sides, sides, class_tokens)
def test_reversed_is_the_sequence_from_its_end(rows: int, columns: int, names: tuple[str, ...]) -> None:
    at = place(rows, columns, names)
    if "middle" not in names or at.pixels % 2 == 0:
        assert read(RowsReversed(), at) == list(range(at.tokens))[::-1]


@pytest.mark.parametrize("pair", list(zip(SCANS[::2], SCANS[1::2], strict=True)))
def test_scans_come_in_pairs_of_opposites(pair: tuple[Scan, Scan]) -> None:
    there, back = (read(scan, place(3, 5)) for scan in pair)
    assert there == back[::-1]


def test_the_sets_grow() -> None:
    assert [len(each().scans()) for each in (Uni, Bi, Quad, Oct)] == [1, 2, 4, 8]
    for smaller, larger in itertools.pairwise((Uni(), Bi(), Quad(), Oct())):
        assert larger.scans()[: len(smaller.scans())] == smaller.scans()
    assert len(set(SCANS)) == 8
    assert len({tuple(read(scan, place(2, 3))) for scan in SCANS}) == 8


@given(orders, sides, sides, class_tokens)
def test_causal_attention_sees_what_was_read_before(
    scan: Scan, rows: int, columns: int, names: tuple[str, ...]
) -> None:
    """Changing a token changes nothing that was read before it."""
    at = place(rows, columns, names)
    mixer = Attention(head_dim=2, causal=True, bias=(), traversal=scan).build(at)
    order, x = read(scan, at), torch.randn(1, at.tokens, at.dim)
    changed = x.clone()
    moment = at.tokens // 2
    changed[:, order[moment]] += 1
    same = (mixer(x, at.grid) == mixer(changed, at.grid)).all(-1)[0]
    assert same[order[:moment]].all()
    assert not same[order[moment]]


def test_scans_in_one_layer_are_summed() -> None:
    at, scans = place(3, 4, ("start",)), (Rows(), RowsReversed())
    together = Attention(head_dim=2, causal=True, bias=(), traversal=Beside(parallel=scans)).build(at)
    x = torch.randn(2, at.tokens, at.dim)
    alone = []
    for scan in scans:
        mixer = Attention(head_dim=2, causal=True, bias=(), traversal=scan).build(at)
        mixer.load_state_dict(together.state_dict())
        alone.append(mixer(x, at.grid))
    torch.testing.assert_close(together(x, at.grid), alone[0] + alone[1])


@pytest.mark.parametrize("spec", [Attention(head_dim=2, causal=True), Mlstm()], ids=["attention", "mlstm"])
@pytest.mark.parametrize(
    "traversal", [*SCANS, Beside(parallel=SCANS[:3])], ids=lambda t: getattr(t, "kind", "parallel")
)
def test_every_traversal_compiles_whole(spec: Any, traversal: Traversal) -> None:
    torch._dynamo.reset()
    at = Place(8, (3, 4), (3, 4), ("start", "middle"))
    mixer = spec.model_copy(update={"traversal": traversal}).resolve(Scope(at.native)).build(at)
    x = torch.randn(2, at.tokens, at.dim)
    compiled: Any = torch.compile(mixer, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x, at.grid), mixer(x, at.grid))
