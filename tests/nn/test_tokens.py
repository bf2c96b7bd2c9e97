"""Where class tokens stand, and maps that are views."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from archspec.nn.tokens import ClassTokens, as_map, as_tokens, class_only, grid_only, with_zeros
from archspec.spec.place import Place
from archspec.spec.pools import Avg, Cls

NAMES = ("start", "middle", "end")
SUBSETS = [subset for size in (1, 2) for subset in itertools.combinations(NAMES, size)]


def numbered(count: int) -> Tensor:
    """Tokens 1, 2, 3 … of one channel."""
    return torch.arange(1.0, count + 1).view(1, count, 1)


def values(x: Tensor) -> list[float]:
    return x.flatten().tolist()


@pytest.mark.parametrize(
    ("count", "expected"),
    [(4, [-1, 1, 2, -2, 3, 4, -3]), (5, [-1, 1, 2, 3, -2, 4, 5, -3]), (1, [-1, 1, -2, -3])],
)
def test_where_class_tokens_stand(count: int, expected: list[float]) -> None:
    module = ClassTokens(NAMES, (), 1)
    with torch.no_grad():
        module.table.copy_(torch.tensor([[-1.0], [-2.0], [-3.0]]))
    x = module(numbered(count))
    assert values(x) == expected
    assert values(grid_only(x, NAMES)) == list(range(1, count + 1))
    assert values(class_only(x, NAMES)) == [-1, -2, -3]


@pytest.mark.parametrize("present", SUBSETS)
def test_entering_at_once_or_one_stage_after_another_is_the_same(present: tuple[str, ...]) -> None:
    later = tuple(name for name in NAMES if name not in present)
    at_once, first, second = ClassTokens(NAMES, (), 1), ClassTokens(present, (), 1), ClassTokens(later, present, 1)
    with torch.no_grad():
        for module in (at_once, first, second):
            module.table.copy_(torch.tensor([[-1.0 - NAMES.index(name)] for name in module.entering]).view(-1, 1))
    assert values(second(first(numbered(5)))) == values(at_once(numbered(5)))


def test_zeros_for_class_tokens() -> None:
    assert values(with_zeros(numbered(3), ("start", "middle"))) == [0, 1, 2, 0, 3]
    assert values(with_zeros(numbered(3), ())) == [1, 2, 3]


def test_maps_are_views_and_row_by_row() -> None:
    x = torch.arange(2 * 6 * 4.0).view(2, 6, 4)
    mapped = as_map(x, (2, 3))
    assert mapped.data_ptr() == x.data_ptr()
    assert mapped.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(mapped[0, :, 1, 2], x[0, 5])
    assert as_tokens(mapped).data_ptr() == x.data_ptr()
    assert torch.equal(as_tokens(mapped.contiguous()), x)
    assert as_tokens(mapped.contiguous()).is_contiguous()


def test_pools() -> None:
    x = torch.tensor([-1.0, 1, 2, -2, 3, -3]).view(1, 6, 1).expand(1, 6, 2)
    at = Place(2, (1, 3), (1, 3), NAMES)
    assert values(Avg().build(at)(x)) == [2, 2]
    assert values(Cls().build(at)(x)) == [-1, -1, -2, -2, -3, -3]
    assert values(Cls(merge="mean").build(at)(x)) == [-2, -2]
