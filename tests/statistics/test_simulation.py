"""Whether intervals keep their promise when the truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from archspec.statistics import difference, mean

TRIALS = 4000
TRUE = 0.4


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_intervals_cover_the_truth_and_pairing_narrows_them(seeds: int) -> None:
    draws = np.random.default_rng(seeds)
    covered_mean = covered = narrower = 0
    for _ in range(TRIALS):
        shared = draws.normal(0, 1, seeds)  # what a seed does to every arm
        base = dict(enumerate(83 + shared + draws.normal(0, 0.3, seeds)))
        arm = dict(enumerate(83 + TRUE + shared + draws.normal(0, 0.3, seeds)))
        alone, paired = mean(base.values()), difference(arm, base)
        # Pairing by position once the rows are shuffled is what not pairing amounts to.
        order = draws.permutation(seeds)
        unpaired = difference({seed: arm[int(other)] for seed, other in enumerate(order)}, base)
        assert alone is not None
        assert paired is not None
        assert unpaired is not None
        assert alone.interval is not None
        assert paired.interval is not None
        assert unpaired.interval is not None
        covered_mean += alone.interval.low <= 83 <= alone.interval.high
        covered += paired.interval.low <= TRUE <= paired.interval.high
        width, loose = (d.interval.high - d.interval.low for d in (paired, unpaired) if d.interval)
        narrower += width < loose
    assert 0.93 <= covered_mean / TRIALS <= 0.97
    assert 0.93 <= covered / TRIALS <= 0.97
    assert narrower / TRIALS > 0.75


@pytest.mark.slow
def test_no_difference_is_found_as_rarely_as_promised() -> None:
    draws = np.random.default_rng(0)
    p, exact = [], []
    for _ in range(TRIALS):
        found = difference(dict(enumerate(draws.normal(size=8))), dict(enumerate(draws.normal(size=8))))
        assert found is not None
        assert found.p is not None
        assert found.exact is not None
        p.append(found.p)
        exact.append(found.exact.p)
    assert 0.04 <= np.mean(np.array(p) < 0.05) <= 0.06
    assert 0.035 <= np.mean(np.array(exact) <= 0.05) <= 0.06
