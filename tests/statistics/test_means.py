"""Means and their t intervals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from archspec.statistics import mean

VALUES = st.lists(st.integers(0, 10_000).map(lambda hundredths: hundredths / 100), min_size=2, max_size=12)


@given(VALUES)
def test_intervals_are_those_of_scipy(values: list[float]) -> None:
    found = mean(values)
    assert found is not None
    assert found.mean == pytest.approx(sum(values) / len(values))
    if len(set(values)) == 1:
        assert found.interval is None
        return
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found.interval == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_a_case_worked_by_hand() -> None:
    found = mean([1, 2, 3])  # sd 1, t(0.975, 2) = 4.3027, 4.3027 / √3 = 2.4841
    assert found is not None
    assert (found.mean, found.sd) == (2, 1)
    assert found.interval == pytest.approx((-0.4841, 4.4841), abs=1e-4)
    assert found.margin == pytest.approx(2.4841, abs=1e-4)


def test_one_value_has_no_interval() -> None:
    found = mean([83.1])
    assert found is not None
    assert (found.n, found.mean, found.sd, found.interval, found.margin) == (1, 83.1, None, None, None)


def test_no_values_have_no_mean() -> None:
    assert mean([]) is None


@pytest.mark.parametrize("values", [[5.0, 5.0], [0.0, 0.0, 0.0], [0.1 + 0.2, 0.3]])
def test_values_that_do_not_scatter_have_no_interval(values: list[float]) -> None:
    found = mean(values)
    assert found is not None
    assert (found.sd, found.interval) == (0.0, None)
