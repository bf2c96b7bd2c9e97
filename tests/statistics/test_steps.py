"""Roadmaps, and agreement with a paper."""

from __future__ import annotations

import pytest

from archspec.statistics import Agreement, agreement, ladder
from archspec.statistics.means import Interval


def test_gains_add_up_over_the_same_seeds() -> None:
    values = [{0: 70.0, 1: 71.0}, {0: 71.0, 1: 72.5}, {0: 70.5, 1: 72.0}]
    steps = list(ladder(values))
    assert [step.gain and step.gain.by_seed for step in steps] == [{0: 1.0, 1: 1.5}, {0: -0.5, 1: -0.5}]
    assert [step.total and step.total.by_seed for step in steps] == [{0: 1.0, 1: 1.5}, {0: 0.5, 1: 1.0}]


def test_a_step_without_shared_seeds_has_no_gain() -> None:
    (first, second) = ladder([{0: 1.0}, {1: 2.0}, {0: 3.0}])
    assert (first.gain, first.total, second.gain) == (None, None, None)
    assert second.total is not None


@pytest.mark.parametrize(
    ("measured", "interval", "printed", "said"),
    [
        (-0.8, (-1.3, -0.2), -0.9, ("same", True, "inside")),
        (-0.8, (-1.3, -0.2), -1.4, ("same", True, "below")),
        (-0.8, (-1.3, -0.2), 0.1, ("opposite", True, "above")),
        (0.1, (-0.2, 0.4), 0.3, ("same", False, "inside")),
        (0.1, (-0.2, 0.4), 0.0, ("none printed", False, "inside")),
        (0.0, (-0.2, 0.2), 0.1, ("none measured", False, "inside")),
    ],
)
def test_agreement_is_about_sign_and_size(
    measured: float, interval: tuple[float, float], printed: float, said: tuple[object, ...]
) -> None:
    assert agreement(measured, Interval(*interval), printed) == said


def test_without_an_interval_only_the_sign_is_told() -> None:
    assert agreement(-0.3, None, -0.9) == Agreement("same", None, None)
