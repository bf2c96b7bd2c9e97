"""Holm's correction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.statistics import holm


def test_a_case_worked_by_hand() -> None:
    corrected = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert corrected == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})


def test_what_was_not_tested_stays_so_and_does_not_count() -> None:
    assert holm({"a": 0.04, "b": None}) == {"a": 0.04, "b": None}
    assert holm({}) == {}


def test_nothing_is_above_one() -> None:
    assert holm({"a": 0.7, "b": 0.9}) == {"a": 1.0, "b": 1.0}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_a_correction_keeps_the_order_and_never_helps(p: list[float]) -> None:
    corrected = holm(dict(enumerate(p)))
    values = [value for i in sorted(range(len(p)), key=lambda i: p[i]) if (value := corrected[i]) is not None]
    assert values == sorted(values)
    assert all(after is not None and before <= after <= 1 for before, after in zip(p, corrected.values(), strict=True))
