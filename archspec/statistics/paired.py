"""The difference between two arms, seed by seed: what a seed does to both of them cancels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from archspec.statistics.means import LEVEL, Interval, Mean, mean
from archspec.statistics.permutation import SignFlip, sign_flip
from archspec.statistics.power import detectable
from archspec.statistics.student import above


@dataclass(frozen=True)
class Difference:
    """An arm minus what it is compared with, over the seeds that both have finished."""

    by_seed: dict[int, float]
    level: float = LEVEL

    @cached_property
    def summary(self) -> Mean:
        """The mean of the differences and its interval."""
        found = mean(self.by_seed.values(), self.level)
        assert found is not None, "no difference is made of no pairs"
        return found

    @property
    def pairs(self) -> int:
        """How many seeds both have finished."""
        return len(self.by_seed)

    @property
    def mean(self) -> float:
        """The mean difference."""
        return self.summary.mean

    @property
    def interval(self) -> Interval | None:
        """Its interval; None where the pairs cannot give one."""
        return self.summary.interval

    @property
    def p(self) -> float | None:
        """How often chance alone would be at least as far from zero, by Student's paired test."""
        if self.interval is None or not self.summary.sd:
            return None
        t = self.mean / (self.summary.sd / self.pairs**0.5)
        return 2 * above(abs(t), self.pairs - 1)

    @cached_property
    def exact(self) -> SignFlip | None:
        """The same question without assuming anything about the shape of the differences."""
        return sign_flip(self.by_seed.values())

    @property
    def detectable(self) -> float | None:
        """The smallest true difference that so many pairs, scattered like these, would show 4 times of 5."""
        return detectable(self.summary.sd, self.pairs, level=self.level) if self.summary.sd else None

    @property
    def wins(self) -> int:
        """The seeds at which the arm is ahead."""
        return sum(value > 0 for value in self.by_seed.values())


def difference(arm: Mapping[int, float], base: Mapping[int, float], level: float = LEVEL) -> Difference | None:
    """An arm minus its base, paired by seed; None where they share no seed."""
    shared = sorted(arm.keys() & base.keys())
    return Difference({seed: arm[seed] - base[seed] for seed in shared}, level) if shared else None
