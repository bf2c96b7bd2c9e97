"""A search as a plan: the candidates asked for so far as arms, and what is trained anew once it has ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from archspec.errors import Problem, SpecError
from archspec.records.files import read_json
from archspec.spec.arch import Arch, tidy
from archspec.spec.candidates import Candidates, candidates_of
from archspec.spec.checking_space import try_conditions
from archspec.spec.decisions import Choices
from archspec.spec.hashing import digest
from archspec.spec.measurements import Measurement
from archspec.spec.nodes import Node
from archspec.spec.reading import Document
from archspec.spec.recipe import phases_of
from archspec.spec.rows import Base, Row
from archspec.spec.search import CLOSED, Search, conditions
from archspec.spec.space import SPACE, Space
from archspec.spec.study import Study
from archspec.spec.studying import several
from archspec.spec.variants import Names, Variant
from archspec.statistics.fronts import fronts
from archspec.studies.folder import StudyFolder
from archspec.studies.plan import BEST, REFUSED, SEARCHING, TRIAL, Plan, PlannedArm, PlannedRun, PlannedTrial
from archspec.studies.planning import Planned, Trained, trained_of
from archspec.studies.trying import briefly
from archspec.training.data.facts import Facts, facts
from archspec.training.fitting import fitted


@dataclass(frozen=True)
class Setting:
    """What a search is about."""

    study: Study
    document: Document
    profile: str
    seeds: tuple[int, ...]
    checking: bool = False

    @property
    def search(self) -> Search:
        """How the space is searched."""
        return self.study.search

    @cached_property
    def names(self) -> Names:
        """What the study's names stand for."""
        return Names(self.study, self.document)

    @cached_property
    def space(self) -> Space:
        """What is searched."""
        return SPACE.resolve(self.study.tree.mapping["space"], self.document)

    @cached_property
    def data(self) -> Facts:
        """What candidates are trained on."""
        assert self.base.variant.recipe is not None
        return facts(self.base.variant.recipe.data)

    @cached_property
    def base(self) -> Base:
        """The base arch as it is trained, and how."""
        recipe = self.names.recipe(self.study.tree.mapping["recipe"])
        recipe = briefly(recipe) if self.checking else recipe
        arch = self.names.arch(self.space.tree.mapping["base"])
        data = facts(recipe.data)
        return Base(Variant(fitted(arch, recipe, data.classes, data.channels), recipe), 0)

    @cached_property
    def candidates(self) -> Candidates:
        """What the base can become, and what is asked of it."""
        further = conditions(self.search, self.study.tree.mapping["search"])
        return candidates_of(self.space, self.base.variant.arch, further)

    def arch(self, choices: Mapping[str, Any]) -> Arch:
        """A candidate as it is outside of the search: for the base's own images and classes."""
        return candidates_of(self.space, self.names.arch(self.space.tree.mapping["base"])).arch(choices)

    @cached_property
    def question(self) -> str:
        """What tells this search from others: with another space or aim it begins anew, with more trials it goes on."""
        search = self.study.tree.mapping["search"].without("trials", "final").plain()
        recipe = self.base.variant.recipe
        said = {
            "base": self.base.variant.arch.digest,
            "vary": self.space.tree.mapping["vary"].plain(),
            "search": search,
        }
        said |= {"where": [condition.text for condition in self.candidates.conditions], "seeds": list(self.seeds)}
        if self.proxies:
            said["proxies"] = {name: tidy(proxy.canonical()) for name, proxy in self.proxies.items()}
        said |= {"recipe": tidy(recipe.canonical()) if recipe else {}, "data": self.data.identity}
        return f"{self.document.name} {digest(said)[:8]}"

    @cached_property
    def proxies(self) -> dict[str, Measurement]:
        """What candidates are looked at by before they are trained."""
        return self.study.proxies

    @cached_property
    def measured(self) -> dict[str, Measurement]:
        """What those are measured by that are trained anew."""
        return {**self.proxies, **self.study.measure}

    @property
    def epochs(self) -> int:
        """How many epochs a candidate is trained for, at most."""
        recipe = self.base.variant.recipe
        return sum(phase.epochs or 1 for phase in phases_of(recipe)) if recipe else 1

    @property
    def begin(self) -> list[Node]:
        """The archs and studies that the search begins with, as they are written."""
        return several(self.study.tree.mapping["search"].mapping["begin"])

    def trained(self, arch: Arch) -> Arch:
        """An arch as it is trained here."""
        recipe = self.base.variant.recipe
        assert recipe is not None
        return fitted(arch, recipe, self.data.classes, self.data.channels)

    def choices_at(self, node: Node) -> Choices:
        """What an arch that the search begins with is made by; one that the space lacks is refused."""
        arch = self.trained(self.names.arch(node))
        choices = self.candidates.choices_of(arch)
        if choices is None:
            message, hint = f"`{arch.arch}` is not among the candidates", "widen what varies, or begin with another"
            raise SpecError(Problem("ARC401", message, hint, "search.begin", node.mark))
        return choices

    @property
    def fresh(self) -> tuple[int, ...]:
        """Seeds that no candidate was chosen by."""
        first = max(self.seeds) + 1
        return tuple(range(first, first + self.search.final.seeds)) if self.search.final.best else ()


@dataclass(frozen=True)
class PlannedSearch(Planned):
    """The plan of a search as far as it has come."""

    setting: Setting

    def total(self, keys: Sequence[str]) -> int:
        """How many runs there will be, where no candidate is met twice and none refused."""
        search, setting = self.setting.search, self.setting
        each = len(setting.seeds) * (search.measured + len(setting.proxies))
        return search.trials * each + len(setting.fresh) * (1 + search.final.best) * (1 + len(setting.measured))


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
        return trained_of(row, None, self.setting.proxies)

    def runs(self, trial: PlannedTrial) -> list[PlannedRun]:
        """What has to be run for a candidate, seed by seed."""
        return [run for seed in self.setting.seeds for run in self.runs_of(trial, seed)]

    def runs_of(self, trial: PlannedTrial, seed: int) -> list[PlannedRun]:
        """The same for one seed, that last which others come before; what was refused is only looked at."""
        one, trained = self.trained[trial.arm], self.setting.search.measured and trial.state != REFUSED
        found = one.runs(seed) if trained else one.proxies(seed)
        return [replace(run, role=SEARCHING) if run.role == "train" else run for run in found]

    @property
    def full(self) -> bool:
        """Whether there are as many trials as were wanted; one that was refused is none."""
        return sum(trial.state != REFUSED for trial in self.trials.values()) >= self.setting.search.trials

    @property
    def complete(self) -> bool:
        """Whether every trial has ended, and no more are to come."""
        return (self.exhausted or self.full) and all(trial.state != "running" for trial in self.trials.values())

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
            question=setting.question,
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

    try_conditions(setting.candidates)
    check_begin(setting)
    searched = Searched(setting)
    for trial in _kept(searched.planned.plan, store):
        searched.add(trial)
    return searched.planned


def _kept(plan: Plan, store: Path | None) -> Iterable[PlannedTrial]:
    """The trials that were written down when the search was driven last."""
    said = read_json(StudyFolder.of(store, plan).plan) if store is not None else None
    kept = Plan.from_dict(said) if said else plan
    return kept.trials if kept.question == plan.question else ()
