"""Which value a run has of a metric: its own test score, or what was measured on it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from archspec.errors import ArchspecError, near
from archspec.records.known import Known
from archspec.studies.plan import CHOOSING, Plan, PlannedRun

TRAINED = "train"
UNTESTED = ("start", *CHOOSING)
"""What runs are for whose tests are not looked at."""
COUNTED = ("epoch", "step", "steps", "attempt", "seconds")
"""Numbers of a result that say how it came about, not how good it is."""


@dataclass(frozen=True)
class Scores:
    """The numbers of a plan's runs, as far as they are known."""

    plan: Plan
    known: Mapping[str, Known]

    def of(self, key: str) -> Known:
        """What is known of a run."""
        return self.known.get(key) or Known(key)

    @cached_property
    def runs(self) -> dict[tuple[str, str], list[PlannedRun]]:
        """The runs of every arm and role."""
        found: dict[tuple[str, str], list[PlannedRun]] = {}
        for run in self.plan.runs:
            found.setdefault((run.arm, run.role), []).append(run)
        return found

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """What there is to compare: a metric of the test, or `measurement.metric`."""
        found = dict.fromkeys(self._name(run, name) for run in self.plan.runs for name in self._numbers(run))
        return tuple(found)

    @property
    def measured(self) -> tuple[str, ...]:
        """What was measured on finished runs."""
        return tuple(name for name in self.metrics if "." in name)

    def chosen(self, metric: str | None) -> str:
        """The metric to compare by; one that no finished run has is a mistake."""
        trained = any("." not in name for name in self.metrics)
        wanted, metric = metric is not None, metric or self.plan.metric
        # Proxies are there before anything is trained.
        if metric not in self.metrics and (trained or (wanted and self.metrics)):
            raise ArchspecError(f"no run has a `{metric}`: {near(metric, self.metrics)}")
        return metric

    def keys(self, arm: str) -> dict[int, str]:
        """The trainings of an arm, by seed."""
        return {run.seed: run.key for run in self.runs.get((arm, TRAINED), [])}

    def values(self, arm: str, metric: str) -> dict[int, float]:
        """What an arm reached, by seed."""
        role, _, name = metric.rpartition(".")
        runs = self.runs.get((arm, role or TRAINED), [])
        found = {run.seed: self._numbers(run).get(name) for run in runs}
        return {seed: found[seed] for seed in sorted(found) if found[seed] is not None}  # type: ignore[misc]

    def states(self, arm: str, metric: str) -> dict[str, int]:
        """The states of the runs that have no value yet."""
        role = metric.rpartition(".")[0] or TRAINED
        reached = self.values(arm, metric)
        missing = [run for run in self.runs.get((arm, role), []) if run.seed not in reached]
        return dict(Counter(self.of(run.key).state for run in missing))

    def hours(self, arm: str) -> tuple[float, float] | tuple[None, None]:
        """Hours that an arm's trainings have taken, and those of them times the accelerators they held."""
        known = [self.of(run.key) for run in self.runs.get((arm, TRAINED), [])]
        if not any(one.seconds for one in known):
            return None, None
        return sum(one.seconds for one in known) / 3600, sum(one.seconds * one.gpus for one in known) / 3600

    def _numbers(self, run: PlannedRun) -> dict[str, float]:
        known = self.of(run.key)
        if known.state != "done" or run.role in UNTESTED:
            return {}
        numbers = {name: value for name, value in known.scores.items() if isinstance(value, int | float)}
        return {name: v for name, v in numbers.items() if math.isfinite(v) and name not in COUNTED}

    def _name(self, run: PlannedRun, name: str) -> str:
        return name if run.role == TRAINED else f"{run.role}.{name}"
