"""A search as a plan: the candidates asked for so far as arms, and what is trained anew once it has ended."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from archspec.errors import Problem, SpecError
from archspec.records.files import read_json
from archspec.spec.checking_space import try_conditions
from archspec.spec.rows import Row
from archspec.spec.samplers import Named
from archspec.spec.search import CLOSED
from archspec.spec.variants import Variant
from archspec.spec.writing import flow
from archspec.statistics.fronts import fronts
from archspec.studies.climbing import refuse_disorder
from archspec.studies.folder import StudyFolder
from archspec.studies.plan import BEST, REFUSED, TRIAL, Plan, PlannedArm, PlannedRun, PlannedTrial
from archspec.studies.planning import Planned
from archspec.studies.setting import Setting
from archspec.studies.trained import Trained, trained_of


@dataclass(frozen=True)
class PlannedSearch(Planned):
    """The plan of a search as far as it has come."""

    setting: Setting

    def total(self, keys: Sequence[str]) -> int:
        """How many runs there will be, where no candidate is met twice and none refused."""
        search, setting = self.setting.search, self.setting
        runs = setting.rungs.expected(search.trials, len(setting.seeds)) if search.measured else 0
        looks = search.trials * len(setting.seeds) * len(setting.proxies)
        return runs + looks + len(setting.fresh) * (1 + search.final.best) * (1 + len(setting.measured))


@dataclass
class Searched:
    """The candidates of a search so far."""

    setting: Setting
    trials: dict[int, PlannedTrial] = field(default_factory=dict)
    trained: dict[str, Trained] = field(default_factory=dict)
    """The arms by their ids; of equal candidates the first."""
    by_key: dict[str, str] = field(default_factory=dict)
    """The arm of a candidate, by the key of its first run."""
    exhausted: bool = False
    """Whether there are no more candidates."""

    def add(self, trial: PlannedTrial) -> Trained:
        """A candidate that was asked for; one that was met before stays the arm that it is."""
        arm = self.candidate(trial.number, trial.choices)
        first = arm.key(self.setting.seeds[0])
        found = self.trained.setdefault(self.by_key.setdefault(first, arm.arm.id), arm)
        self.trials[trial.number] = replace(trial, arm=found.arm.id)
        return found

    def candidate(self, number: int, choices: Mapping[str, Any]) -> Trained:
        """A candidate as it is trained."""
        base = self.setting.base
        variant = Variant(self.setting.candidates.arch(choices), base.variant.recipe)
        row = Row(base, variant, TRIAL, str(number), changes=dict(choices))
        return self.setting.rungs.under(trained_of(row, None, self.setting.proxies), row)

    def runs(self, trial: PlannedTrial) -> list[PlannedRun]:
        """What has to be run for a candidate, as far as it has climbed; what was refused is only looked at."""
        trained = self.setting.search.measured and trial.state != REFUSED
        climbed = [runs for rung in range(trial.rung + 1) for runs in self.trainings(trial, rung)] if trained else []
        return [*self.looks(trial), *(run for runs in climbed for run in runs)]

    def looks(self, trial: PlannedTrial) -> list[PlannedRun]:
        """What a candidate is looked at by before it is trained, seed by seed."""
        return [run for seed in self.setting.seeds for run in self.trained[trial.arm].proxies(seed)]

    def trainings(self, trial: PlannedTrial, rung: int) -> list[list[PlannedRun]]:
        """What it is trained by on a rung; that last which others come before."""
        return self.setting.rungs.trainings(self.trained[trial.arm], rung, self.setting.seeds)

    @property
    def left_behind(self) -> PlannedTrial | None:
        """A candidate that was given up on a rung, and deserves to go on by now."""
        return self.setting.rungs.left_behind([*self.trials.values()])

    @property
    def full(self) -> bool:
        """Whether there are as many trials as were wanted; one that was refused or fetched back is none."""
        counted = [trial for trial in self.trials.values() if trial.state != REFUSED and not trial.again]
        return len(counted) >= self.setting.search.trials

    @property
    def complete(self) -> bool:
        """Whether every trial has ended, and no more are to come."""
        ended = all(trial.state != "running" for trial in self.trials.values()) and not self.left_behind
        return ended and (self.exhausted or self.full)

    @property
    def planned(self) -> PlannedSearch:
        """The plan so far."""
        setting = self.setting
        again = list(self._again())
        arms = [*again, *self.trained.values()]
        runs = [run for trial in self.trials.values() for run in self.runs(trial)]
        runs += [run for seed in setting.fresh for one in again for run in one.runs(seed)]
        plan = Plan(
            study=setting.document.name,
            profile=setting.profile,
            design="search",
            metric=setting.study.reference.metric,
            paper="",
            seeds=setting.fresh or setting.seeds,
            arms=tuple(one.arm for one in arms),
            runs=tuple(dict.fromkeys(runs)),
            max_failures=setting.study.max_failures,
            objectives=dict(setting.search.objectives),
            proxies=tuple(setting.proxies),
            trials=tuple(self.trials.values()),
            rungs=tuple(_said(rung) for rung in setting.search.rungs),
            climbed_by=setting.search.pruned_by if len(setting.rungs) else "",
            question=setting.question,
            source=setting.source,
        )
        return PlannedSearch(plan, setting.study, {one.arm.id: one for one in arms}, setting)

    def _again(self) -> Iterator[Trained]:
        """The base, and once the search has ended its best candidates, to be trained with fresh seeds."""
        if not self.setting.search.final.best:
            return
        measured = self.setting.measured
        row = Row(self.setting.base, self.setting.base.variant, name=self.setting.base.name)
        base = trained_of(row, None, measured)
        yield base
        for trial in self.best() if self.complete else ():
            one = self.trained[trial.arm]
            about: dict[str, Any] = {"id": f"{BEST}/{trial.number}", "name": f"trial {trial.number}", "factor": BEST}
            yield replace(one, arm=replace(one.arm, **about, against=base.arm.id), measurements=measured)

    def best(self) -> list[PlannedTrial]:
        """The best candidates, each network once: the front first, then by the first objective."""
        done = [trial for trial in self.trials.values() if trial.state == "done"]
        found = {trial.arm: trial for trial in reversed(ranked(done, self.setting.search.objectives))}
        return list(reversed(found.values()))[: self.setting.search.final.best]


def _said(rung: Mapping[str, Any]) -> str:
    return ", ".join(f"{path}: {flow(value)}" for path, value in rung.items())


def ranked(trials: Sequence[PlannedTrial], objectives: Mapping[str, str]) -> list[PlannedTrial]:
    """Trials front by front, within each by the first objective."""
    complete = [trial for trial in trials if trial.values.keys() >= objectives.keys()]
    found = fronts([point(trial, objectives) for trial in complete])
    return [complete[index] for front in found for index in front]


def point(trial: PlannedTrial, objectives: Mapping[str, str]) -> tuple[float, ...]:
    """What a trial reached, turned so that less is better."""
    return tuple(trial.values[name] * (-1 if goal == "max" else 1) for name, goal in objectives.items())


def costs(arm: PlannedArm) -> dict[str, float]:
    """What is known of a candidate without a run."""
    return {name: float(getattr(arm, name)) for name in CLOSED}


def planned_search(setting: Setting, store: Path | None) -> PlannedSearch:
    """The plan of a search as it stands in a store; what cannot be searched is refused."""
    from archspec.studies.beginning import check_begin

    refuse_sampler(setting)
    try_conditions(setting.candidates)
    if len(setting.rungs) and not setting.checking:
        row = Row(setting.base, setting.base.variant)
        refuse_disorder(
            setting.study.tree.mapping["search"].mapping["rungs"], setting.rungs.under(trained_of(row, None), row)
        )
    check_begin(setting)
    searched = Searched(setting)
    for trial in _kept(searched.planned.plan, store):
        searched.add(trial)
    return searched.planned


def refuse_sampler(setting: Setting) -> None:
    """A sampler that cannot be made, or would never come to an end, is refused before anything runs."""
    spec, message, hint = setting.search.sampler, "", ""
    if spec.steps and math.isinf(setting.candidates.size):
        message, hint = "a range without steps holds more candidates than can be gone through", "give it a `step`"
    elif isinstance(spec, Named):
        from archspec.studies.sampling import sampler

        try:
            sampler(spec, setting.search.seed, 0)
        # Whatever a class says of what it is called with.
        except Exception as error:
            message = f"this sampler cannot be made: {error}"
    if message:
        mark = setting.study.tree.mark_of(("search", "sampler"))
        raise SpecError(Problem("ARC401", message, hint, "search.sampler", mark))


def _kept(plan: Plan, store: Path | None) -> Iterable[PlannedTrial]:
    """The trials that were written down when the search was driven last."""
    said = read_json(StudyFolder.of(store, plan).plan) if store is not None else None
    kept = Plan.from_dict(said) if said else plan
    return kept.trials if kept.question == plan.question else ()
