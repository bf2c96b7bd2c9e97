"""What pools look at."""

from __future__ import annotations

import pytest
import torch

import archspec
from archspec.spec.place import Place
from archspec.spec.pools import Avg, Bilateral, Center, Cls

AT = Place(2, (4, 4), (4, 4), ("start", "middle", "end"))
X = torch.arange(19.0).view(1, 19, 1).expand(1, 19, 2)
"""Tokens that say which they are: 0, 9 and 18 are class tokens."""


@pytest.mark.parametrize(
    ("pool", "seen"),
    [
        (Avg(), [(sum(range(19)) - 27) / 16]),
        (Cls(), [0, 9, 18]),
        (Cls(merge="mean"), [9]),
        (Bilateral(), [1, 17]),
        (Bilateral(merge="mean"), [9]),
        (Center(), [(7 + 8 + 10 + 11) / 4]),
        (Center(tokens=1), [10]),
        (Center(tokens=2), [9]),
    ],
)
def test_pools_look_at(pool: Avg, seen: list[float]) -> None:
    vector = pool.build(AT)(X)
    assert vector.shape == (1, pool.width(AT))
    assert vector[0, ::2].tolist() == seen


def test_the_centre_cannot_be_larger_than_the_grid() -> None:
    with pytest.raises(archspec.SpecError, match="the last stage has 4 tokens, not 9"):
        archspec.load("vil_tiny").edit({"input.size": 32, "head.pool": {"kind": "center", "tokens": 9}})
