"""Differences paired by seed."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from archspec.statistics import difference

SCORE = st.integers(0, 1000).map(lambda tenths: tenths / 10)
PAIRS = st.lists(st.tuples(SCORE, SCORE), min_size=2, max_size=10)


@given(PAIRS)
def test_the_paired_test_is_that_of_scipy(pairs: list[tuple[float, float]]) -> None:
    assume(len({round(a - b, 6) for a, b in pairs}) > 1)
    arm, base = ({seed: pair[side] for seed, pair in enumerate(pairs)} for side in (0, 1))
    found = difference(arm, base)
    theirs = stats.ttest_rel([a for a, _ in pairs], [b for _, b in pairs])
    assert found is not None
    assert found.p == pytest.approx(theirs.pvalue, abs=1e-9)
    assert found.interval == pytest.approx(tuple(theirs.confidence_interval(0.95)), abs=1e-9)
    assert found.wins == sum(a > b for a, b in pairs)


def test_a_case_worked_by_hand() -> None:
    found = difference({0: 82, 1: 84, 2: 83}, {0: 81, 1: 82, 2: 80})  # 1, 2, 3: t = 2 / (1 / √3) = 3.4641
    assert found is not None
    assert (found.mean, found.pairs) == (2, 3)
    assert found.p == pytest.approx(0.07418, abs=1e-5)


def test_rows_in_any_order_are_paired_alike() -> None:
    arm, base = {7: 1.0, 3: 5.0, 5: 2.0, 0: 9.0}, {0: 8.0, 3: 4.5, 5: 1.0, 7: 3.0}
    straight = difference(arm, base)
    for attempt in range(20):
        shuffled = [random.Random(attempt + i).sample(sorted(d.items()), len(d)) for i, d in enumerate((arm, base))]
        again = difference(dict(shuffled[0]), dict(shuffled[1]))
        assert again == straight
        assert again is not None
        assert list(again.by_seed.items()) == [(0, 1.0), (3, 0.5), (5, 1.0), (7, -2.0)]


def test_only_seeds_that_both_have_finished_are_paired() -> None:
    found = difference({0: 1.0, 1: 2.0, 4: 9.0}, {1: 1.0, 0: 0.5, 3: 7.0})
    assert found is not None
    assert found.by_seed == {0: 0.5, 1: 1.0}


def test_without_a_shared_seed_there_is_no_difference() -> None:
    assert difference({0: 1.0}, {1: 1.0}) is None
    assert difference({}, {}) is None


def test_one_pair_tells_a_difference_and_nothing_about_it() -> None:
    found = difference({0: 2.0}, {0: 1.5})
    assert found is not None
    assert (found.mean, found.interval, found.p, found.detectable) == (0.5, None, None, None)
    assert found.exact == (1.0, 1.0)


@pytest.mark.parametrize("shift", [0.0, 0.1])
def test_pairs_that_do_not_scatter_are_not_tested_by_their_spread(shift: float) -> None:
    base = {0: 83.1, 1: 82.7, 2: 84.0}
    found = difference({seed: value + shift for seed, value in base.items()}, base)
    assert found is not None
    assert (found.interval, found.p, found.detectable) == (None, None, None)
    assert found.exact is not None
    assert found.exact.p == (0.25 if shift else 1.0)
