"""Student's t: against SciPy, out to where tails are smaller than most floats, and against what is known exactly."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import special

from archspec.statistics.student import above, rises_to

FREEDOM = st.integers(1, 1000)
LOGARITHMS = st.floats(-3, 6)


@given(FREEDOM, LOGARITHMS.map(lambda power: 10**power))
@example(1, 1e6)
@example(2, 1e6)
@example(1000, 1000.0)
def test_its_tail_is_that_of_scipy_however_small(freedom: int, t: float) -> None:
    theirs = float(special.stdtr(freedom, -t))
    assert above(t, freedom) == pytest.approx(theirs, rel=1e-10, abs=1e-300)


@given(FREEDOM, st.floats(0.5, 0.9999))
def test_its_quantiles_are_those_of_scipy(freedom: int, share: float) -> None:
    found = rises_to(share - 1, lambda t: -above(t, freedom))
    assert found == pytest.approx(float(special.stdtrit(freedom, share)), rel=1e-10, abs=1e-12)


@given(FREEDOM, st.floats(0, 30), st.floats(0, 100))
@example(1, 16.0, 12.7)
def test_shifted_it_is_that_of_scipy(freedom: int, shift: float, t: float) -> None:
    assert above(t, freedom, shift) == pytest.approx(1 - float(special.nctdtr(freedom, shift, t)), abs=1e-10)


@pytest.mark.parametrize("t", [1e-12, 1e-8, 1e-3, 1.0, 12.706, 1e3])
def test_with_one_degree_of_freedom_it_is_cauchys(t: float) -> None:
    assert above(t, 1) == pytest.approx(math.atan2(1, t) / math.pi, rel=1e-13)


@pytest.mark.parametrize("t", [1e-9, 0.5, 4.303, 1e8])
def test_with_two_degrees_it_has_a_closed_form(t: float) -> None:
    root = math.sqrt(2 + t * t)
    assert above(t, 2) == pytest.approx(1 / (root * (root + t)), rel=1e-13)


@pytest.mark.parametrize("shift", [0.0, 1.0, 5.0])
@pytest.mark.parametrize("t", [0.0, 1e-200])
def test_at_zero_it_is_the_normal_distribution(t: float, shift: float) -> None:
    assert above(t, 3, shift) == pytest.approx(float(special.ndtr(shift)), rel=1e-15)


def test_where_the_weights_of_the_mixture_begin_below_all_floats_it_is_exact_still() -> None:
    assert above(63.66, 1, 60.0) == pytest.approx(1 - float(special.nctdtr(1, 60.0, 63.66)), abs=1e-10)


def test_beyond_all_floats_nothing_is_left_and_of_no_number_none_is_known() -> None:
    assert above(math.inf, 4) == 0
    assert math.isnan(above(math.nan, 4))
