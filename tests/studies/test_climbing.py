"""Rungs: who goes on, what that is told to whom, and that each rung's training is a run like any other."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from archspec.errors import SpecError
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.report.scores import UNTESTED
from archspec.studies.climbing import Rungs
from archspec.studies.folder import StudyFolder
from archspec.studies.plan import RUNGS as ROLES
from archspec.studies.plan import Plan, PlannedTrial
from archspec.studies.planning import planned
from tests.studies import fake
from tests.studies.test_driving import importable
from tests.studies.test_searching import RUNGS, driven, written

__all__ = ["importable"]

SEARCH: dict[str, str] = {"rungs": RUNGS, "keep": "1/3", "sampler": "random", "trials": "12"}


def rungs(keep: float = 1 / 3, *, more: bool = True, count: int = 2) -> Rungs:
    """Rungs of which only the decisions matter."""
    recipe: Any = None
    return Rungs((recipe,) * count, keep, more)


def trials(*reached: tuple[float, ...], states: str = "") -> list[PlannedTrial]:
    """Candidates that have ended some rungs: `p` was given up, `r` is at work, `d` is done."""
    words = {"p": "pruned", "r": "running", "d": "done", "f": "failed"}
    said = states or "p" * len(reached)
    return [
        PlannedTrial(number, f"trial/{number}", {}, words[state], {}, values)
        for number, (values, state) in enumerate(zip(reached, said, strict=True))
    ]


def test_the_best_share_goes_on_rounded_down_and_one_at_least() -> None:
    values = [(50.0,), (70.0,), (60.0,), (90.0,), (80.0,), (10.0,)]
    for count, best in ((1, [0]), (2, [1]), (3, [1]), (5, [3]), (6, [3, 4])):
        assert rungs().best(trials(*values[:count]), 0) == [f"trial/{number}" for number in best]
    assert rungs(more=False).best(trials(*values), 0) == ["trial/5", "trial/0"]
    assert rungs(1 / 10).best(trials(*[(float(n),) for n in range(30)]), 0) == ["trial/29", "trial/28", "trial/27"]
    assert rungs().best(trials((50.0, 60.0), (70.0,)), 1) == ["trial/0"]


def test_of_equals_the_first_goes_on_and_equal_networks_count_once() -> None:
    assert rungs().best(trials((50.0,), (50.0,), (50.0,)), 0) == ["trial/0"]
    twice = [replace(one, arm="trial/0") for one in trials((50.0,), (50.0,), (50.0,), (50.0,))]
    assert rungs().best([*twice, replace(trials((60.0,))[0], arm="other")], 0) == ["other"]


def test_who_was_given_up_too_early_is_fetched_back_once() -> None:
    values = [(90.0, 50.0), (80.0,), (70.0,), (60.0,), (50.0,), (40.0,)]
    assert rungs().left_behind(trials(*values[:5], states="dpppp")) is None
    found = trials(*values, states="dppppp")  # of six that have ended the first rung two go on
    behind = rungs().left_behind(found)
    assert behind == found[1]
    again = replace(behind, number=9, state="running", again=True)
    assert rungs().left_behind([*found, again]) is None
    failed = replace(again, state="failed", rungs=(80.0,))
    assert rungs().left_behind([*found, failed]) is None
    given_up = replace(again, state="pruned", rungs=(80.0, 45.0))
    assert rungs().left_behind([*found, given_up]) is None
    assert rungs(count=0).left_behind(found) is None


def test_who_went_on_once_goes_on_again() -> None:
    found = trials((50.0, 10.0), (90.0,), (95.0,), states="ppr")
    twin = replace(found[0], number=3, state="running", rungs=(50.0,))
    assert rungs().goes_on(twin, [*found, twin])
    assert not rungs().goes_on(replace(twin, arm="other"), [*found, replace(twin, arm="other")])


def test_candidates_climb_and_the_others_are_given_up(tmp_path: Path) -> None:
    plan, events = driven(written(tmp_path, **SEARCH), tmp_path / "store", 2)
    assert {trial.state for trial in plan.trials} == {"done", "pruned"}
    for trial in plan.trials:
        own = {run.role: run for run in plan.runs if run.arm == trial.arm and run.role in (*ROLES, "search")}
        named = [*ROLES[:2], "search"][: len(trial.rungs)]
        assert list(trial.rungs) == [pytest.approx(fake.score_of(own[role].key)) for role in named]
        assert (trial.state == "done") == (len(trial.rungs) == 3)
    counted = [len({run.key for run in plan.runs if run.role == role}) for role in (*ROLES[:2], "search")]
    assert counted[0] > counted[1] > counted[2] > 0
    started = [event.run.key for event in events if event.what == "started"]
    assert len(started) == len(set(started))
    assert {event.run.about.partition(" · ")[2] for event in events} == {"", "rung 1", "rung 2", "search"}
    assert driven(tmp_path / "seek.yaml", tmp_path / "store")[1] == []
    assert set(ROLES) <= set(UNTESTED)


def test_a_rung_is_trained_as_its_edits_say_and_answered_from_the_store(tmp_path: Path) -> None:
    plan, _ = driven(written(tmp_path, **SEARCH, final="{best: 0}"), tmp_path / "store", 2)
    for run in plan.runs:
        recipe = RunFolder(Store(tmp_path / "store").run(run.key)).spec()["recipe"]
        said = {"rung 1": (16, 0.25), "rung 2": (32, 0.5), "search": (64, 1)}[run.role]
        assert (recipe["batch"], recipe.get("fraction", 1)) == said
    again, events = driven(written(tmp_path, **{**SEARCH, "keep": "1/2"}, final="{best: 0}"), tmp_path / "store", 2)
    before = {run.key for run in plan.runs}
    assert {run.key for run in again.runs} & before
    assert not {event.run.key for event in events} & before


def test_plans_count_what_each_rung_costs(tmp_path: Path) -> None:
    plan, _ = driven(written(tmp_path, **SEARCH), tmp_path / "store", 2)
    assert plan.rungs == ("batch: 16, fraction: 0.25", "batch: 32, fraction: 0.5")
    assert plan.climbed_by == "top1"
    for run in plan.runs:
        macs, whole = plan.training_macs(run), plan.by_id[run.arm].training_macs
        least, most = {"rung 1": (0.24, 0.26), "rung 2": (0.48, 0.52)}.get(run.role, (1, 1))
        assert least * whole <= macs <= most * whole
    assert Plan.from_dict(plan.to_dict()) == plan
    assert planned(tmp_path / "seek.yaml", store=tmp_path / "store").plan == plan


@pytest.mark.parametrize("sampler", ["tpe", "random", "brute_force"])
def test_a_search_with_rungs_is_resumed_exactly(sampler: str, tmp_path: Path) -> None:
    search = {
        **SEARCH,
        "sampler": sampler,
        "trials": "16",
        "begin": "[{extends: tiny, edits: {stages.depth: 2, stages.mixer: pooling, stages.mlp.ratio: 2}}]",
    }
    whole, _ = driven(written(tmp_path, **search), tmp_path / "whole")
    for trials in ("3", "7", "15", "16"):
        again, _ = driven(written(tmp_path, **{**search, "trials": trials}), tmp_path / "store")
    assert again.trials == whole.trials
    assert sampler == "tpe" or any(trial.again for trial in whole.trials)
    assert sum(not trial.again for trial in whole.trials) == 16


def test_optuna_is_told_of_every_rung(tmp_path: Path) -> None:
    plan, _ = driven(written(tmp_path, **SEARCH), tmp_path / "store")
    journal = StudyFolder.of(tmp_path / "store", plan).journal
    study = optuna.load_study(study_name=plan.question, storage=JournalStorage(JournalFileBackend(str(journal))))
    states = {"done": "COMPLETE", "pruned": "PRUNED"}
    for trial in plan.trials:
        told = study.trials[trial.number]
        assert told.state.name == states[trial.state]
        assert told.intermediate_values == dict(enumerate(trial.rungs))


def test_several_objectives_and_seeds_climb_by_one_metric_and_one_seed(tmp_path: Path) -> None:
    search = {**SEARCH, "objectives": "{top1: max, params: min}", "prune_on": "loss"}
    plan, _ = driven(written(tmp_path, **search), tmp_path / "store", 2, seeds=(0, 1))
    assert plan.climbed_by == "loss"
    assert {run.seed for run in plan.runs if run.role in ROLES} == {0}
    assert {run.seed for run in plan.runs if run.role == "search"} == {0, 1}
    done = [trial for trial in plan.trials if trial.state == "done"]
    assert all(trial.rungs[-1] == trial.values["loss"] for trial in done)
    best = min(plan.trials, key=lambda trial: trial.rungs[0])
    assert any(trial.arm == best.arm and len(trial.rungs) > 1 for trial in plan.trials)
    again, events = driven(tmp_path / "seek.yaml", tmp_path / "store", seeds=(0, 1))
    assert events == []
    assert [trial.rungs for trial in again.trials] == [trial.rungs for trial in plan.trials]


def test_a_rung_that_goes_wrong_fails_its_candidate_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fake.BROKEN, "0:raise")
    plan, _ = driven(written(tmp_path, **{**SEARCH, "trials": "3"}, final="{best: 0}"), tmp_path / "store")
    assert {trial.state for trial in plan.trials} == {"failed"}
    assert {run.role for run in plan.runs} == {"rung 1"}


@pytest.mark.parametrize("rung", [0, 1])
def test_a_rung_that_failed_is_retried_and_climbed_from(
    rung: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = {**SEARCH, "sampler": "random", "trials": "1", "final": "{best: 0}"}
    file, store = written(tmp_path, **search), tmp_path / "store"
    undisturbed, _ = driven(file, tmp_path / "undisturbed")
    keys = [run.key for run in undisturbed.runs]
    monkeypatch.setenv(fake.BROKEN_KEY, keys[rung])
    plan, _ = driven(file, store)
    assert [(trial.state, len(trial.rungs)) for trial in plan.trials] == [("failed", rung)]
    monkeypatch.delenv(fake.BROKEN_KEY)
    assert driven(file, store)[1] == []
    RunFolder(Store(store).run(keys[rung])).reopen()
    again, events = driven(file, store)
    assert [event.run.key for event in events if event.what == "started"] == keys[rung:]
    assert [trial.state for trial in again.trials] == ["failed", "done"]
    assert replace(again.trials[1], number=0, again=False) == undisturbed.trials[0]


def test_a_candidate_that_is_cancelled_on_a_rung_goes_on_from_there(tmp_path: Path) -> None:
    search = {**SEARCH, "trials": "4", "final": "{best: 0}"}
    file, store = written(tmp_path, **search), tmp_path / "store"
    undisturbed, _ = driven(file, tmp_path / "undisturbed")
    cancelled = next(run.key for run in undisturbed.runs if run.role == "rung 2")
    StudyFolder.of(store, undisturbed).cancel([cancelled])
    plan, events = driven(file, store)
    assert cancelled not in {event.run.key for event in events}
    (number,) = [trial.number for trial in plan.trials if trial.state == "cancelled"]
    assert plan.trials[number].rungs == undisturbed.trials[number].rungs[:1]
    assert {trial.state for trial in plan.trials} == {"cancelled", "done", "pruned"}
    StudyFolder.of(store, undisturbed).cancel([])
    again, _ = driven(file, store)
    assert {trial.state for trial in again.trials} == {"done", "pruned"}
    (gone_on,) = [trial for trial in again.trials if trial.number == number]
    assert gone_on.rungs[:2] == undisturbed.trials[number].rungs[:2]


def test_a_rung_that_saves_nothing_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, rungs="[{batch: 16, fraction: 1/4}, {batch: 16, fraction: 1/8}]")
    with pytest.raises(SpecError, match=r"rung 1 takes .* no more") as caught:
        planned(file)
    (problem,) = caught.value.problems
    assert problem.mark is not None
    assert problem.mark.text.strip().startswith("rungs")


def test_what_cannot_be_trained_on_a_rung_is_no_candidate(tmp_path: Path) -> None:
    file = written(tmp_path, **SEARCH, constraints="", final="{best: 0}")
    text = file.read_text(encoding="utf-8").replace(RUNGS, "[{resolution: 6}]")
    text = text.replace("stages.mlp.ratio: {choose: [1, 2, 3]}", "stem.size: {choose: [2, 4]}")
    text = text.replace("or stages.mlp.ratio < 3", "or stages.dim > 0").replace("patch, size: 4", "patch, size: 2")
    file.write_text(text, encoding="utf-8")
    plan, _ = driven(file, tmp_path / "store")
    assert {trial.choices["stem.size"] for trial in plan.trials} == {2}, "6 pixels are no whole number of patches of 4"


def test_all_of_the_best_share_have_gone_on_in_the_end() -> None:
    draw, share = random.Random(0), list[float]()
    for _ in range(50):
        found: list[PlannedTrial] = []
        rule = rungs(1 / 4, count=1)
        for number in range(30):
            ended = PlannedTrial(number, f"trial/{number}", {}, "running", {}, (draw.random(),))
            found.append(ended)
            found[-1] = replace(ended, state="running" if rule.goes_on(ended, found) else "pruned")
            while behind := rule.left_behind(found):
                found[behind.number] = replace(behind, state="running")
        climbed = {one.arm for one in found if one.state == "running"}
        assert set(rule.best(found, 0)) <= climbed
        share.append(len(climbed) / 30)
    assert 0.25 < sum(share) / 50 < 0.36


def test_a_search_with_rungs_is_tried_in_small(tmp_path: Path) -> None:
    plan, _ = driven(written(tmp_path, **SEARCH), tmp_path / "store", profile="check")
    assert "done" in {trial.state for trial in plan.trials}
