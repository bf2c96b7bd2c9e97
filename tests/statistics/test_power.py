"""What so many pairs could have shown."""

from __future__ import annotations

import pytest
from scipy import stats
from scipy.integrate import quad

from archspec.statistics import detectable


@pytest.mark.parametrize("pairs", [2, 3, 5, 10, 30])
def test_the_power_at_the_smallest_difference_is_what_was_asked(pairs: int) -> None:
    size = detectable(1.0, pairs)
    assert size is not None
    edge, chi, errors = stats.t.ppf(0.975, pairs - 1), stats.chi(pairs - 1), size * pairs**0.5

    def rejected(spread: float) -> float:
        """How often the test rejects where the scatter was seen as so large."""
        reach = edge * spread / (pairs - 1) ** 0.5
        return float((stats.norm.sf(reach - errors) + stats.norm.cdf(-reach - errors)) * chi.pdf(spread))

    assert quad(rejected, 0, 10 + pairs, limit=200)[0] == pytest.approx(0.8, abs=1e-5)


def test_the_tables_of_power_analysis_agree() -> None:
    assert detectable(1.0, 5) == pytest.approx(1.682, abs=1e-3)
    assert detectable(1.0, 10) == pytest.approx(0.997, abs=2e-3)


def test_it_grows_with_the_scatter_alone() -> None:
    assert detectable(0.5, 5) == pytest.approx(0.5 * (detectable(1.0, 5) or 0))


def test_one_pair_could_have_shown_nothing() -> None:
    assert detectable(1.0, 1) is None
