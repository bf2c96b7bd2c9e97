"""The rungs of a search as numbers: how many went on from each, and whether rungs rank candidates alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

from archspec.report.wording import count, fixed, listed, short
from archspec.statistics import RankCorrelation, rank_correlation
from archspec.studies.plan import RUNGS, SEARCHING, Plan, PlannedArm, PlannedTrial

ITSELF = "the recipe itself"


class Rung(NamedTuple):
    """A rung and what happened there."""

    name: str
    said: str
    """What it changes about the recipe."""
    ended: int
    """Networks that have ended it."""
    went_on: int
    training_macs: int
    """Multiply-accumulates that they took."""


class Alike(NamedTuple):
    """How much two rungs agree about the candidates that have ended both."""

    lower: str
    upper: str
    found: RankCorrelation

    @property
    def said(self) -> str:
        """The correlation: 0.62."""
        return "none" if self.found.rho is None else fixed(self.found.rho, 2)

    @property
    def interval(self) -> str:
        """Its interval: [0.21, 0.85]."""
        found = self.found.interval
        return f"[{fixed(found.low, 2)}, {fixed(found.high, 2)}]" if found else "no interval"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"lower": self.lower, "upper": self.upper, **self.found._asdict()}


@dataclass(frozen=True)
class Climbs:
    """What the candidates of a search have reached, rung by rung; the recipe itself is the last."""

    said: Sequence[str] = ()
    """What each rung changes about the recipe; nothing where there are none."""
    metric: str = ""
    trials: Sequence[PlannedTrial] = ()
    arms: Mapping[str, PlannedArm] = field(default_factory=dict)
    seeds: int = 1
    """With how many each is trained by the recipe itself."""

    @classmethod
    def of(cls, plan: Plan) -> Climbs:
        """What a plan tells of them."""
        seeds = {run.seed for run in plan.runs if run.role == SEARCHING}
        return cls(plan.rungs, plan.climbed_by, plan.trials, plan.by_id, max(1, len(seeds)))

    @property
    def names(self) -> tuple[str, ...]:
        """What the rungs are called."""
        return (*RUNGS[: len(self.said)], ITSELF) if self.said else ()

    @cached_property
    def highest(self) -> list[PlannedTrial]:
        """Each network once, as far as it has come."""
        found: dict[str, PlannedTrial] = {}
        for trial in sorted(self.trials, key=lambda trial: -len(trial.rungs)):
            if trial.rungs:
                found.setdefault(trial.arm, trial)
        return sorted(found.values(), key=lambda trial: trial.number)

    @property
    def finished(self) -> list[PlannedTrial]:
        """Those that were trained by the recipe itself."""
        return self._ended(len(self.said))

    def values(self, lower: int, upper: int) -> list[tuple[float, float]]:
        """What candidates have reached on two rungs, of those that have ended both."""
        return [(one.rungs[lower], one.rungs[upper]) for one in self.highest if len(one.rungs) > upper]

    @cached_property
    def rungs(self) -> list[Rung]:
        """Every rung."""
        return [
            Rung(name, said, len(self._ended(place)), self._went_on(place), self._spent(place))
            for place, (name, said) in enumerate(zip(self.names, (*self.said, ""), strict=False))
        ]

    @cached_property
    def alike(self) -> list[Alike]:
        """Every two rungs."""
        return [
            Alike(self.names[lower], self.names[upper], rank_correlation(self.values(lower, upper)))
            for lower, upper in combinations(range(len(self.names)), 2)
        ]

    def with_the_last(self) -> Iterator[Alike]:
        """How much every rung agrees with the recipe itself."""
        return (one for one in self.alike if one.upper == ITSELF)

    def sentences(self) -> Iterator[str]:
        """How far candidates came, and whether the cheap trainings were to be trusted."""
        if self.said and self.highest:
            first, *others = self.rungs
            further = listed([f"{rung.ended} {rung.name}" for rung in others])
            yield f"search: {count(first.ended, 'network')} ended {first.name}, {further}"
            spent = short(sum(rung.training_macs for rung in self.rungs))
            whole = short(sum(self._whole(self.arms[one.arm]) for one in self.highest))
            yield f"search: that took {spent} multiply-accumulates; without rungs it would have been {whole}"
        for one in self.with_the_last():
            if one.found.n > 2 and one.found.rho is not None:
                counted = f"{one.said} {one.interval}, over the {one.found.n} candidates that have both"
                yield f"search: {one.lower} ranks by {self.metric} like {ITSELF}: rank correlation {counted}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        rungs, alike = [rung._asdict() for rung in self.rungs], [one.to_dict() for one in self.alike]
        return {"metric": self.metric, "rungs": rungs, "rank_correlations": alike} if self.names else {}

    def _ended(self, place: int) -> list[PlannedTrial]:
        return [one for one in self.highest if len(one.rungs) > place]

    def _went_on(self, place: int) -> int:
        return sum(one.rung > place for one in self.highest)

    def _spent(self, place: int) -> int:
        arms = [self.arms[one.arm] for one in self._ended(place)]
        return sum(arm.rungs[place] if place < len(arm.rungs) else self._whole(arm) for arm in arms)

    def _whole(self, arm: PlannedArm) -> int:
        """What the recipe itself takes for a candidate, seed by seed."""
        return arm.training_macs * self.seeds
