"""Optuna's TPE with its bookkeeping done once a candidate instead of once for every group of decisions.

A space in which decisions depend on others falls into many groups. Optuna goes through all trials for each of them: to
read them, to sort them into good and bad, to look up what they decided. What is computed stays the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe.sampler import _split_trials, default_gamma, default_gamma_multiobjective
from optuna.search_space.group_decomposed import _GroupDecomposedSearchSpace, _SearchSpaceGroup
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

Space = dict[str, BaseDistribution]
Column = tuple[list[int], list[Any]]
"""Which trials have taken a decision, and their answers."""
ENDED = (TrialState.COMPLETE, TrialState.PRUNED)


class Sorted(NamedTuple):
    """The trials before a candidate."""

    good: list[FrozenTrial]
    bad: list[FrozenTrial]


class Tpe(TPESampler):
    """The sampler of one candidate."""

    def __init__(self, **said: Any) -> None:
        super().__init__(**said)
        self._sorted: Sorted | None = None
        self._columns: dict[int, dict[str, Column]] = {}
        if self._group:
            self._group_decomposed_search_space = Groups(include_pruned=True)

    def _sample_relative(self, study: Study, trial: FrozenTrial, search_space: Space) -> dict[str, Any]:
        """One group's decisions: of some draws like the good ones that which is least like the bad ones."""
        if self._sorted is None:
            self._sorted = self._sort(study, trial)
        if not search_space or not self._sorted.good:
            return {}
        good = self._build_parzen_estimator(study, search_space, self._sorted.good, handle_below=True)
        bad = self._build_parzen_estimator(study, search_space, self._sorted.bad, handle_below=False)
        drawn = good.sample(self._rng.rng, self._n_ei_candidates)
        best = self._compare(drawn, self._compute_acquisition_func(drawn, good, bad))
        return {name: space.to_external_repr(best[name]) for name, space in search_space.items()}

    def _sort(self, study: Study, trial: FrozenTrial) -> Sorted:
        """The good and the bad trials, those that run among the bad ones; none at all until there are enough."""
        states = (*ENDED, TrialState.RUNNING)
        trials = [one for one in study._get_trials(deepcopy=False, states=states) if one.number != trial.number]
        ended = sum(one.state != TrialState.RUNNING for one in trials)
        if ended < self._n_startup_trials:
            return Sorted([], [])
        share = default_gamma if len(study.directions) == 1 else default_gamma_multiobjective
        return Sorted(*_split_trials(study, trials, share(ended)))

    def _get_internal_repr(
        self, trials: list[FrozenTrial], search_space: Space, study: Study
    ) -> dict[str, np.ndarray[Any, Any]]:
        """The answers of those trials that took all decisions of a group, as numbers."""
        if self._sorted is None or not any(trials is part for part in self._sorted):
            return super()._get_internal_repr(trials, search_space, study)
        if id(trials) not in self._columns:
            self._columns[id(trials)] = columns(self._get_params(one, study) for one in trials)
        found = {name: self._columns[id(trials)].get(name, ([], [])) for name in search_space}
        if len({tuple(places) for places, _ in found.values()}) > 1:  # a trial that runs has taken some of them
            return super()._get_internal_repr(trials, search_space, study)
        return {name: numbers(values, search_space[name]) for name, (_, values) in found.items()}


class Groups(_GroupDecomposedSearchSpace):
    """Decisions that are always taken together make a group."""

    def calculate(self, study: Study, use_cache: bool = False) -> _SearchSpaceGroup:
        """The groups, in the order of their first names."""
        trials = study._get_trials(deepcopy=False, states=ENDED, use_cache=use_cache)
        found = _SearchSpaceGroup()
        found._search_spaces = list(groups(trial.distributions for trial in trials))
        return found


def columns(taken: Iterable[dict[str, Any]]) -> dict[str, Column]:
    """For every decision where it was taken, and its answers there."""
    found: dict[str, Column] = {}
    for place, answers in enumerate(taken):
        for name, answer in answers.items():
            if name not in found:
                found[name] = ([], [])
            places, values = found[name]
            places.append(place)
            values.append(answer)
    return found


def numbers(answers: list[Any], space: BaseDistribution) -> np.ndarray[Any, Any]:
    """Answers as Optuna computes with them; each is translated once."""
    known = {answer: space.to_internal_repr(answer) for answer in set(answers)}
    return np.asarray([known[answer] for answer in answers])


def groups(spaces: Iterable[Space]) -> Iterator[Space]:
    """The names that are in the same ones of many spaces, with their distributions."""
    patterns = {frozenset(space): space for space in spaces}
    known: Space = {}
    present: dict[str, int] = {}
    for number, (names, space) in enumerate(patterns.items()):
        known |= space
        for name in names:
            present[name] = present.get(name, 0) | 1 << number
    together: dict[int, Space] = {}
    for name in sorted(present):
        together.setdefault(present[name], {})[name] = known[name]
    yield from together.values()
