"""Spearman's correlation: against scipy's, and its interval against how often it holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from archspec.statistics.ranks import rank_correlation


@pytest.mark.parametrize("n", [5, 7, 40])
@pytest.mark.parametrize("levels", [3, 1000])
def test_it_is_spearmans_ties_included(n: int, levels: int) -> None:
    draws = np.random.default_rng(n + levels)
    x = draws.integers(0, levels, n).astype(float)
    y = x + draws.integers(0, levels, n)
    found = rank_correlation(zip(x.tolist(), y.tolist(), strict=True))
    assert found.n == n
    assert found.rho == pytest.approx(float(spearmanr(x, y).statistic))


def test_its_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    draws, held = np.random.default_rng(0), 0
    # Spearman's of a normal pair follows from Pearson's.
    truth = 6 / np.pi * np.arcsin(0.7 / 2)
    for _ in range(1000):
        x, noise = draws.normal(size=(2, 25))
        interval = rank_correlation(zip(x, 0.7 * x + np.sqrt(1 - 0.49) * noise, strict=True)).interval
        assert interval is not None
        held += interval.low <= truth <= interval.high
    assert 930 <= held <= 970


def test_what_tells_nothing_has_no_correlation_or_no_interval() -> None:
    assert rank_correlation([]) == (0, None, None)
    assert rank_correlation([(1, 2)]) == (1, None, None)
    assert rank_correlation([(1, 2), (1, 3), (1, 4), (1, 5)]) == (4, None, None)
    assert rank_correlation([(1, 2), (2, 3), (3, 4)]) == (3, 1.0, None)
    assert rank_correlation([(n, -n) for n in range(9)]).rho == pytest.approx(-1)
    known = rank_correlation([(1, 1), (2, 2), (3, 3), (4, 5), (5, 4)])
    assert known.rho == pytest.approx(0.9)
    assert known.interval is not None
    assert known.interval.high < 1
