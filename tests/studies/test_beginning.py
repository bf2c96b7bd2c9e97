"""Searches that begin where other studies have ended."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from archspec.errors import SpecError
from archspec.spec.runner import RUNNER
from archspec.studies.driving import drive
from archspec.studies.plan import Plan
from archspec.studies.planning import planned
from tests.studies.samples import ARCH
from tests.studies.test_driving import TARGET, disturb, importable
from tests.studies.test_searching import SEARCH, asked, driven, spawned, written

__all__ = ["importable"]

ABLATION = """\
study: known
baseline: {arch: small, extends: tiny, edits: {stages.mlp.ratio: 2}}
recipe: brief
seeds: 1
factors:
  mixer: {pooling: {stages.mixer: pooling}, wide: {stages.dim: 32}}
  depth: {three: {stages.depth: 3}}
"""
BEFORE = SEARCH.replace("study: seek", "study: before").replace("[1, 2, 3]", "[1, 2, 3, 4]")


def beside(folder: Path, begin: str, **search: str) -> Path:
    """A search that begins with studies of the same folder."""
    (folder / "known.yaml").write_text(f"{ABLATION}{ARCH}", encoding="utf-8")
    (folder / "before.yaml").write_text(f"{BEFORE}{ARCH}", encoding="utf-8")
    return written(folder, begin=begin, **{"constraints": "", "final": "{best: 0}", **search})


def run(file: Path, store: Path) -> Plan:
    """Run a study as a whole; its plan in the end."""
    summary = drive(planned(file, store=store), store, RUNNER.load("inline"), target=TARGET)
    assert summary.planned is not None
    return summary.planned.plan


def test_what_an_ablation_has_done_is_known_and_not_trained_again(tmp_path: Path) -> None:
    file, store = beside(tmp_path, "known", trials="4", sampler="random"), tmp_path / "store"
    before = run(tmp_path / "known.yaml", store)
    plan, events = driven(file, store)
    base = {"stages.0.mixer": "sep_conv", "stages.0.mixer.sep_conv.kernel": 3, "stages.depth": 2, "stages.mlp.ratio": 2}
    pooling = {"stages.0.mixer": "pooling", "stages.depth": 2, "stages.mlp.ratio": 2}
    assert [trial.choices for trial in plan.trials[:3]] == [base, pooling, {**base, "stages.depth": 3}]
    assert not {event.run.key for event in events} & set(before.keys)
    assert {event.run.arm for event in events} == {plan.trials[3].arm}


def test_what_a_search_has_done_is_taken_where_it_lies_in_the_space(tmp_path: Path) -> None:
    file, store = beside(tmp_path, "[known, before]", trials="12"), tmp_path / "store"
    run(tmp_path / "known.yaml", store)
    before = run(tmp_path / "before.yaml", store)
    plan, events = driven(file, store)
    inside = {trial.arm: trial for trial in reversed(before.trials) if trial.choices["stages.mlp.ratio"] != 4}
    assert 0 < len(inside) < len({trial.arm for trial in before.trials})
    begun = {str(trial.choices): trial.values for trial in plan.trials}
    assert {str(trial.choices): trial.values for trial in inside.values()}.items() <= begun.items()
    assert not {event.run.key for event in events} & set(before.keys)


def test_what_a_study_does_later_changes_nothing(tmp_path: Path) -> None:
    file, store, whole = beside(tmp_path, "before", trials="8"), tmp_path / "store", tmp_path / "whole"
    first = (tmp_path / "before.yaml").read_text(encoding="utf-8")
    (tmp_path / "before.yaml").write_text(first.replace("trials: 10", "trials: 4"), encoding="utf-8")
    run(tmp_path / "before.yaml", store)
    shutil.copytree(store, whole)
    expected = asked(driven(file, whole)[0])
    driven(beside(tmp_path, "before", trials="2"), store)
    run(tmp_path / "before.yaml", store)
    draw = random.Random(1)
    for _ in range(2):
        disturb(spawned(beside(tmp_path, "before", trials="8"), store, 1), store, draw)
    shutil.rmtree(store / "studies" / "before")
    assert asked(driven(file, store)[0]) == expected


def test_with_other_seeds_they_are_trained_as_this_study_says(tmp_path: Path) -> None:
    file, store = beside(tmp_path, "known", trials="3", sampler="random"), tmp_path / "store"
    run(tmp_path / "known.yaml", store)
    plan, events = driven(file, store, seeds=(5,))
    assert len({event.run.key for event in events if event.what == "done"}) == len(plan.trials) == 3


def test_a_study_that_has_done_nothing_is_nothing_to_begin_with(tmp_path: Path) -> None:
    file = beside(tmp_path, "known")
    assert not planned(file, store=tmp_path / "store").plan.trials
    with pytest.raises(SpecError, match="`known` has done nothing yet that lies in the space"):
        driven(file, tmp_path / "store")
    with pytest.raises(SpecError, match="there is no arch named `unknown`"):
        planned(beside(tmp_path, "unknown"))
