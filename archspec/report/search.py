"""What a search has found, as numbers: its candidates, the front, how it got there, and which decisions mattered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import product
from statistics import fmean, pvariance
from typing import Any, NamedTuple

from archspec.report.climbs import Climbs
from archspec.report.wording import count, listed, short
from archspec.spec.search import LEARNED
from archspec.spec.writing import flow
from archspec.statistics import RankCorrelation, rank_correlation
from archspec.statistics.fronts import fronts
from archspec.studies.plan import PlannedArm, PlannedTrial

COUNTED = ("params", "macs", "activations", "training_macs")
"""Objectives that are large whole numbers."""
EXTREMES = {"max": "highest", "min": "lowest"}
"""How the best of an objective is called."""
ENOUGH = 10
"""Candidates below which nothing is said of decisions."""
GROUPS = 4
"""Into how many groups numbers are put, of which there are more."""


def titled(name: str) -> str:
    """An objective as tables call it."""
    return name.replace("training_macs", "train MACs").replace("macs", "MACs")


class Share(NamedTuple):
    """How much of an objective's variance a decision explains by itself."""

    decision: str
    share: float
    answer: str
    """The answer with the best mean."""


class Promise(NamedTuple):
    """How a proxy ranks candidates beside how training did."""

    proxy: str
    metric: str
    correlation: RankCorrelation

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"proxy": self.proxy, "metric": self.metric, **self.correlation._asdict()}


@dataclass(frozen=True)
class Search:
    """The candidates of a search."""

    objectives: Mapping[str, str]
    trials: Sequence[PlannedTrial]
    arms: Mapping[str, PlannedArm]
    climbs: Climbs = field(default_factory=Climbs)
    """What they reached on the rungs, where there are any."""
    proxies: Sequence[str] = ()

    @cached_property
    def done(self) -> list[PlannedTrial]:
        """Those that have reached something; each network once."""
        found: dict[str, PlannedTrial] = {}
        for trial in self.trials:
            if trial.state == "done":
                found.setdefault(trial.arm, trial)
        return list(found.values())

    @cached_property
    def front(self) -> list[PlannedTrial]:
        """Those that no other beats in everything."""
        first = next(fronts([self._point(trial) for trial in self.done]), [])
        return [self.done[index] for index in first]

    def best(self, most: int) -> list[PlannedTrial]:
        """The front; of one objective, the best."""
        if len(self.objectives) > 1:
            return self.front[:most]
        return sorted(self.done, key=self._point)[:most]

    def history(self, name: str) -> list[tuple[int, float]]:
        """The best of an objective so far, wherever a candidate was better than all before it."""
        sign = self._sign(name)
        found: list[tuple[int, float]] = []
        for trial in self.done:
            if not found or sign * trial.values[name] < sign * found[-1][1]:
                found.append((trial.number, trial.values[name]))
        return found

    @cached_property
    def importances(self) -> dict[str, list[Share]]:
        """By objective every decision's share, the largest first, less what as many groups explain by chance."""
        return {name: sorted(self._shares(name), key=lambda share: -share.share) for name in self.objectives}

    def promises(self) -> list[Promise]:
        """How each proxy ranks the candidates that were trained, beside each metric of val."""
        found = []
        for proxy, metric in product(self.proxies, LEARNED):
            both = [(t.values[proxy], t.values[metric]) for t in self.done if t.values.keys() >= {proxy, metric}]
            if both:
                found.append(Promise(proxy, metric, rank_correlation(both)))
        return found

    def sentences(self) -> list[str]:
        """How the search went."""
        states = Counter(trial.state for trial in self.trials)
        said = listed([f"{number} {state}" for state, number in states.items()]) if states else "none yet"
        back = sum(trial.again for trial in self.trials)
        again = len(self.trials) - back - len({trial.arm for trial in self.trials})
        fetched = f", {back} of them fetched back" if back else ""
        told = [f"search: {count(len(self.trials), 'candidate')} asked for{fetched}: {said}"]
        told[0] += f"; {again} of them met before, and not trained again" if again else ""
        for name, goal in self.objectives.items():
            if found := self.history(name):
                number, value = found[-1]
                shown = f"{value:.4g}" if name not in COUNTED else short(value)
                told.append(f"search: the {EXTREMES[goal]} {titled(name)} is {shown}, of trial {number}")
        return [*told, *self.climbs.sentences()]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "objectives": dict(self.objectives),
            "trials": [asdict(trial) for trial in self.trials],
            "climbs": self.climbs.to_dict(),
            "front": [trial.number for trial in self.front],
            "history": {name: self.history(name) for name in self.objectives},
            "proxies": [promise.to_dict() for promise in self.promises()],
            "importances": {name: [share._asdict() for share in found] for name, found in self.importances.items()},
        }

    def _shares(self, name: str) -> Iterator[Share]:
        decisions = dict.fromkeys(decision for trial in self.done for decision in trial.choices)
        return filter(None, (self._share(name, decision) for decision in decisions))

    def _share(self, name: str, decision: str) -> Share | None:
        """One decision's share, among the candidates that had to take it."""
        taken = [(trial.choices[decision], trial.values[name]) for trial in self.done if decision in trial.choices]
        values = [value for _, value in taken]
        groups = dict(_grouped(taken))
        if len(taken) < ENOUGH or len(groups) < 2 or len(taken) <= len(groups) or not pvariance(values):
            return None
        within = sum(len(group) * pvariance(group) for group in groups.values()) / (len(taken) - len(groups))
        whole = pvariance(values) * len(taken) / (len(taken) - 1)
        best = min(groups, key=lambda answer: self._sign(name) * fmean(groups[answer]))
        return Share(decision, max(0.0, 1 - within / whole), best)

    def _point(self, trial: PlannedTrial) -> tuple[float, ...]:
        return tuple(self._sign(name) * trial.values[name] for name in self.objectives)

    def _sign(self, name: str) -> int:
        return -1 if self.objectives[name] == "max" else 1


def _grouped(taken: Sequence[tuple[Any, float]]) -> Iterator[tuple[str, list[float]]]:
    """Values by answer; numbers of many values in groups of equal size."""
    answers = {flow(answer) for answer, _ in taken}
    numbers = all(isinstance(answer, int | float) and not isinstance(answer, bool) for answer, _ in taken)
    if not numbers or len(answers) <= GROUPS:
        for answer in sorted(answers):
            yield answer, [value for own, value in taken if flow(own) == answer]
        return
    ordered = sorted(taken, key=lambda pair: pair[0])
    for index in range(GROUPS):
        part = ordered[len(ordered) * index // GROUPS : len(ordered) * (index + 1) // GROUPS]
        if part:
            yield f"{flow(part[0][0])} to {flow(part[-1][0])}", [value for _, value in part]
