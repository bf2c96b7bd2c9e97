"""Rank correlations: against scipy, and how often their intervals hold the true one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from archspec.statistics.ranks import ranks, spearman

RNG = np.random.default_rng(5)


def test_equal_values_share_their_places() -> None:
    assert ranks([3.0, 1.0, 3.0, 2.0]).tolist() == [2.5, 0, 2.5, 1]
    values = RNG.integers(0, 9, 50).astype(float)
    assert ranks(list(values)).tolist() == (rankdata(values) - 1).tolist()


def test_the_correlation_is_scipys_with_ties_or_without() -> None:
    for _ in range(20):
        one, other = RNG.normal(size=30), RNG.integers(0, 6, 30).astype(float)
        found = spearman(list(one), list(one + other))
        assert found is not None
        assert found.rho == pytest.approx(spearmanr(one, one + other).statistic)
        tied = spearman(list(other), list(one.round()))
        assert tied is not None
        assert tied.rho == pytest.approx(spearmanr(other, one.round()).statistic)


def test_what_never_changes_ranks_nothing() -> None:
    assert spearman([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) is None
    assert spearman([1.0], [2.0]) is None
    few, same = spearman([1.0, 2.0, 3.0], [1.0, 3.0, 2.0]), spearman([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 7.0])
    assert few is not None
    assert same is not None
    assert [few.n, few.rho, few.interval] == [3, pytest.approx(0.5), None]
    assert [same.n, same.rho, same.interval] == [4, pytest.approx(1), None]


def test_the_interval_holds_the_true_correlation_as_often_as_it_says() -> None:
    r, n, held = 0.6, 40, 0
    true = 6 / math.pi * math.asin(r / 2)  # of ranks, for normal numbers with correlation r
    for _ in range(2000):
        one = RNG.normal(size=n)
        found = spearman(list(one), list(r * one + math.sqrt(1 - r**2) * RNG.normal(size=n)))
        assert found is not None
        assert found.interval is not None
        held += found.interval.low <= true <= found.interval.high
    assert 0.93 <= held / 2000 <= 0.97
