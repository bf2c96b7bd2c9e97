"""Searches that look at candidates before they train them: by proxies, as objectives, bounds, or beside training."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.errors import SpecError
from archspec.records.knowing import known
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.studies.planning import planned
from tests.studies import fake
from tests.studies.samples import STUDY
from tests.studies.samples import written as ablation
from tests.studies.test_driving import importable
from tests.studies.test_searching import asked, driven, written

__all__ = ["importable"]

LOOKING = {"objectives": "{naswot: max, params: min}", "trials": "6", "final": "{best: 1, seeds: 1}"}
BOUND = {"constraints": "{naswot: {min: 70}}", "trials": "6", "final": "{best: 1, seeds: 1}"}
"""What the stand-in for training says of a run lies between 50 and 90."""


def test_a_proxy_alone_needs_no_training(tmp_path: Path) -> None:
    plan, _ = driven(written(tmp_path, **LOOKING), tmp_path / "store", 2)
    roles = [run.role for run in plan.runs if plan.by_id[run.arm].factor == "trial"]
    assert set(roles) == {"naswot"}
    for trial in plan.trials:
        (run,) = plan.of(trial.arm, "naswot")
        assert trial.values == {"naswot": fake.score_of(run.key), "params": plan.by_id[trial.arm].params}
    assert {run.role for run in plan.runs if run.arm == plan.tested[1].id} == {"naswot", "train"}
    assert driven(tmp_path / "seek.yaml", tmp_path / "store")[1] == []


def test_what_misses_a_bound_on_a_proxy_is_not_trained_and_not_counted(tmp_path: Path) -> None:
    plan, events = driven(written(tmp_path, **BOUND), tmp_path / "store", 2)
    by_state = {state: [t for t in plan.trials if t.state == state] for state in ("done", "refused")}
    assert len(by_state["done"]) == 6
    assert len(by_state["done"]) + len(by_state["refused"]) == len(plan.trials)
    assert by_state["refused"]
    assert all(trial.values["naswot"] >= 70 for trial in by_state["done"])
    trained = {event.run.arm for event in events if event.run.role == "search"}
    for trial in by_state["refused"]:
        assert trial.values["naswot"] < 70
        assert trial.arm not in trained
        assert not list(plan.of(trial.arm, "search"))


@pytest.mark.parametrize("sampler", ["{kind: tpe, startup: 3}", "{kind: nsga2, population: 4}"])
def test_a_search_that_refuses_is_resumed_exactly(sampler: str, tmp_path: Path) -> None:
    more = {**BOUND, "sampler": sampler, "final": "{best: 0}"}
    whole, _ = driven(written(tmp_path, **more), tmp_path / "whole")
    for trials in ("2", "3", "6"):
        again, _ = driven(written(tmp_path, **{**more, "trials": trials}), tmp_path / "store")
    assert asked(again) == asked(whole)
    assert [trial.state for trial in again.trials] == [trial.state for trial in whole.trials]


def test_what_is_measured_before_training_stands_beside_what_was_reached(tmp_path: Path) -> None:
    file = written(tmp_path, trials="4")
    said = file.read_text(encoding="utf-8").replace(
        "recipe: brief\n", "recipe: brief\nmeasure: [synflow, throughput]\n", 1
    )
    file.write_text(said, encoding="utf-8")
    plan, _ = driven(file, tmp_path / "store", 2, seeds=(0, 1))
    assert plan.proxies == ("synflow",)
    for trial in plan.trials:
        looks = [fake.score_of(run.key) for run in plan.of(trial.arm, "synflow")]
        assert trial.values["synflow"] == pytest.approx(sum(looks) / 2)
        assert not list(plan.of(trial.arm, "throughput"))
    assert {run.role for run in plan.runs if run.arm == plan.tested[1].id} == {"synflow", "throughput", "train"}


def test_a_network_is_looked_at_once_whoever_asks(tmp_path: Path) -> None:
    first, _ = driven(written(tmp_path, **LOOKING), tmp_path / "store", 2)
    other = {**LOOKING, "objectives": "{naswot: min, params: min}"}
    second, events = driven(written(tmp_path, **other), tmp_path / "store", 2)
    looks, again = ({run.key for run in plan.runs if run.role == "naswot"} for plan in (first, second))
    assert looks & again
    assert not looks & {event.run.key for event in events if event.what == "started"}


def test_a_failed_look_fails_the_candidate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fake.BROKEN, "0:raise")
    plan, _ = driven(written(tmp_path, **{**LOOKING, "final": "{best: 0}"}), tmp_path / "store")
    assert {trial.state for trial in plan.trials} == {"failed"}


def test_arms_of_an_ablation_are_looked_at_too(tmp_path: Path) -> None:
    plan = planned(ablation(tmp_path, STUDY + "measure: [{flow: synflow}, zen]\n")).plan
    runs = [run for run in plan.runs if run.arm == "baseline/tiny" and run.seed == 0]
    assert [(run.role, run.needs) for run in runs] == [("flow", ()), ("zen", ()), ("train", ())]


WRONG = {
    "objectives: {nawot: max}": "there is no objective `nawot`",
    "constraints: {nawot: {min: 3}}": "nawot",
    "objectives: {naswot: max}\n  pruner: median": "`naswot` is not measured epoch by epoch",
    "objectives: {top1: max}\n  where: synflow >= 10": "`synflow` is measured",
}


@pytest.mark.parametrize("said", WRONG)
def test_what_cannot_be_looked_at_is_told(said: str, tmp_path: Path) -> None:
    key, _, value = said.partition(": ")
    with pytest.raises(SpecError) as caught:
        planned(written(tmp_path, **{key: value}))
    assert WRONG[said] in str(caught.value)


def test_a_look_is_kept_in_a_folder_of_its_own(tmp_path: Path) -> None:
    plan, _ = driven(written(tmp_path, **LOOKING), tmp_path / "store")
    (run,) = plan.of(plan.trials[0].arm, "naswot")
    folder = RunFolder(Store(tmp_path / "store").run(run.key))
    assert folder.measures
    assert folder.measured() is None
    assert known(folder).scores["score"] == fake.score_of(run.key)
