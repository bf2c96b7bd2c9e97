"""Our TPE proposes what Optuna's does, in less time."""

from __future__ import annotations

import json
import random
from typing import Any

import optuna
import pytest
from optuna.samplers import TPESampler
from optuna.search_space.group_decomposed import _GroupDecomposedSearchSpace
from optuna.trial import Trial, TrialState

from archspec.studies.sampling import quiet
from archspec.studies.tpe import Groups, Tpe

KINDS = ("pooling", "conv", "attention")


def decided(trial: Trial) -> dict[str, Any]:
    """A space in which decisions hang on others, with numbers of every sort."""
    for stage in range(3):
        kind = trial.suggest_categorical(f"{stage}.kind", KINDS)
        if kind == "conv":
            trial.suggest_categorical(f"{stage}.kernel", (3, 5, 7))
        if kind == "attention":
            trial.suggest_int(f"{stage}.heads", 1, 8)
            trial.suggest_float(f"{stage}.scale", 0.1, 10, log=True)
    trial.suggest_int("depth", 2, 12, step=2)
    return dict(trial.params)


def study(directions: int, running: int) -> optuna.Study:
    """Forty candidates: finished, pruned, failed, infeasible; and some that still run."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    goals: list[Any] = ["maximize", "minimize"]
    made = optuna.create_study(directions=goals[:directions], sampler=TPESampler(seed=1))
    rng = random.Random(4)
    for number in range(40):
        trial = made.ask()
        decided(trial)
        if number % 7 == 3:
            trial.set_constraint("size", rng.random())
        if number % 5 == 4:
            made.tell(trial, state=TrialState.PRUNED if number % 2 else TrialState.FAIL)
        else:
            made.tell(trial, [rng.random() for _ in range(directions)])
    with quiet():
        made.sampler = TPESampler(seed=2, multivariate=True, group=True)
        for part in range(running):
            trial = made.ask()
            trial.suggest_categorical("0.kind", KINDS)
            if part:
                decided(trial)
    return made


def proposed(made: optuna.Study, sampler: TPESampler) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a sampler decides next, and what it tells others who ask meanwhile."""
    made.sampler = sampler
    trial = made.ask()
    choices = decided(trial)
    told = {name: json.loads(value) for name, value in made.trials[-1].system_attrs.items() if "relative" in name}
    made.tell(trial, state=TrialState.FAIL)
    return choices, told


@pytest.mark.parametrize("group", [True, False])
@pytest.mark.parametrize("running", [0, 3])
@pytest.mark.parametrize("directions", [1, 2])
def test_it_proposes_what_optunas_own_does(directions: int, running: int, group: bool) -> None:
    made = study(directions, running)
    for seed in range(5):
        said: dict[str, Any] = {"multivariate": True, "group": group, "n_startup_trials": 10, "seed": seed}
        with quiet():
            theirs, ours = TPESampler(**said), Tpe(**said)
            if group:  # the order of groups is another one, and draws go by it
                theirs._group_decomposed_search_space = Groups(include_pruned=True)
            assert proposed(made, ours) == proposed(made, theirs)


def test_groups_are_optunas_in_an_order_of_their_own() -> None:
    made = study(1, 2)
    theirs = _GroupDecomposedSearchSpace(include_pruned=True).calculate(made).search_spaces
    ours = Groups(include_pruned=True).calculate(made).search_spaces
    assert len(ours) == len(theirs) > 3
    assert sorted(ours, key=min) == sorted(theirs, key=min)
    assert [min(space) for space in ours] == sorted(min(space) for space in ours)


def test_too_few_trials_are_no_ground_to_go_by() -> None:
    with quiet():
        few = Tpe(multivariate=True, group=True, n_startup_trials=60, seed=0)
        made = study(1, 0)
        made.sampler = few
        trial = made.ask()
        assert few.infer_relative_search_space(made, made.trials[-1])
        assert trial.relative_params == {}
