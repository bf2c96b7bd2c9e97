"""The exact sign-flip test."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from archspec.statistics import sign_flip

DIFFERENCES = st.lists(st.integers(-30, 30).map(lambda tenths: tenths / 10), min_size=1, max_size=9)


@given(DIFFERENCES)
def test_it_counts_the_patterns_that_are_as_far_from_zero(values: list[float]) -> None:
    tenths = [round(10 * value) for value in values]
    sums = [sum(s * t for s, t in zip(signs, tenths, strict=True)) for signs in product((1, -1), repeat=len(tenths))]
    share = sum(abs(total) >= abs(sum(tenths)) for total in sums) / len(sums)
    found = sign_flip(values)
    assert found is not None
    assert found.p == share
    assert found.least == min(1, 2 / 2 ** len(values)) <= found.p


def test_it_is_scipys() -> None:
    values = np.array([0.31, -0.12, 0.44, 0.27, 0.08, -0.02, 0.19, 0.5])
    theirs = stats.permutation_test((values,), np.sum, permutation_type="samples", n_resamples=np.inf)
    found = sign_flip(values)
    assert found is not None
    assert found.p == pytest.approx(theirs.pvalue)


def test_three_pairs_cannot_be_significant() -> None:
    assert sign_flip([9.0, 10.0, 11.0]) == (0.25, 0.25)
    assert sign_flip([1.0] * 6) == (2 / 64, 2 / 64)


def test_many_pairs_are_counted_without_being_listed() -> None:
    found = sign_flip([1.0] * 40)
    assert found is not None
    assert found.p == found.least == 2 / 2**40
    assert sign_flip([1.0, -1.0] * 20) == (1.0, 2 / 2**40)


def test_what_cannot_be_counted_has_no_answer() -> None:
    assert sign_flip([1.0] * 41) is None
    assert sign_flip([]) is None
