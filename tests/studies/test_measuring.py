"""What a study measures on its finished runs: planned, driven and shown like any run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from archspec.errors import SpecError
from archspec.records.knowing import known
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.measurements import Evaluate, Measurement, Throughput
from archspec.spec.runner import RUNNER
from archspec.studies.driving import drive
from archspec.studies.planning import Planned, planned
from archspec.studies.status import overlaid
from tests.studies import fake
from tests.studies.samples import STUDY, written

TARGET = "tests.studies.fake:work"
TWO = "measure: [throughput, {large: {kind: evaluate, size: 32}}]\n"


def measuring(said: str, folder: Path, **more: Any) -> Planned:
    """The sample with something to measure."""
    return planned(written(folder, STUDY + said), **more)


def measured(said: str, folder: Path, **more: Any) -> dict[str, Measurement]:
    """What is measured, by name."""
    return measuring(said, folder, **more).study.measure


SAID = {
    "throughput": {"throughput": Throughput()},
    "none": {},
    "[]": {},
    "{kind: throughput, batch: 8}": {"throughput": Throughput(batch=8)},
    "[throughput, {kind: evaluate, split: val}]": {"throughput": Throughput(), "evaluate": Evaluate(split="val")},
    "[evaluate, {r32: {kind: evaluate, size: 32}}]": {"evaluate": Evaluate(), "r32": Evaluate(size=32)},
    "{speed: throughput, r32: {kind: evaluate, size: 32}}": {"speed": Throughput(), "r32": Evaluate(size=32)},
}


@pytest.mark.parametrize("said", SAID)
def test_what_is_measured_is_listed_or_named(said: str, tmp_path: Path) -> None:
    assert measured(f"measure: {said}\n", tmp_path) == SAID[said]


def test_a_profile_replaces_lists_and_merges_into_names(tmp_path: Path) -> None:
    profiles = (
        "profiles: {off: {measure: none}, other: {measure: [evaluate]}, larger: {measure: {large: {size: 48}}}}\n"
    )
    for profile, expected in {
        "off": {},
        "other": {"evaluate": Evaluate()},
        "larger": {"throughput": Throughput(), "large": Evaluate(size=48)},
    }.items():
        assert measured(TWO + profiles, tmp_path, profile=profile) == expected


WRONG = {
    "thruput": "`thruput` is not a kind of measurement",
    "[evaluate, evaluate]": "two measurements are called `evaluate`",
    "{train: evaluate}": "`train` says what other runs of a study are for",
    "{a.b: evaluate}": "`a.b` is no name for columns",
    "{large: {kind: evaluate, size: 30}}": "tiny cannot run on images of this size: `stem.size`",
    "{large: {kind: evaluate, sizes: 30}}": "`evaluate` has no `sizes`",
    "3": "`3` is not a measurement",
}


@pytest.mark.parametrize("said", WRONG)
def test_what_cannot_be_measured_is_told_before_anything_runs(said: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        measuring(f"measure: {said}\n", tmp_path)
    (problem,) = caught.value.problems
    assert WRONG[said] in problem.message
    assert problem.mark is not None
    assert problem.mark.text.startswith("measure")


def test_every_training_is_followed_by_its_measurements(tmp_path: Path) -> None:
    found = measuring(TWO, tmp_path)
    base = [run for run in found.plan.runs if run.arm == "baseline/tiny" and run.seed == 0]
    assert [run.role for run in base] == ["train", "throughput", "large"]
    training, *others = base
    assert {run.needs for run in others} == {(training.key,)}
    for run in base:
        assert found.document(run.key)["key"] == run.key
    assert found.document(base[2].key)["of"] == training.key
    twins = [run.key for run in found.plan.runs if run.arm == "mixer/same" and run.seed == 0]
    assert twins == [run.key for run in base]


def test_the_profile_check_measures_in_small(tmp_path: Path) -> None:
    brief = {"throughput": Throughput(batch=2, repeats=2), "large": Evaluate()}
    assert measured(TWO, tmp_path, profile="check") == brief


def states(found: Planned, store: Path) -> dict[str, int]:
    """How many runs of each role are in each state."""
    seen = {key: known(RunFolder(Store(store).run(key))) for key in found.plan.keys}
    seen = overlaid(found.plan, seen, frozenset(), driven=False)
    roles = {run.key: run.role for run in found.plan.runs}
    return dict(sorted(Counter(f"{roles[key]} {one.state}" for key, one in seen.items()).items()))


def test_what_failed_is_not_measured_until_it_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv(fake.BROKEN, "1:raise")
    found, store = measuring(TWO, tmp_path), tmp_path / "store"
    runner = RUNNER.load({"kind": "local", "parallelism": 2})
    drive(found, store, runner, target=TARGET)
    first = {"large done": 3, "throughput done": 3, "train done": 3}
    assert states(found, store) == {**first, "large blocked": 3, "throughput blocked": 3, "train failed": 3}
    monkeypatch.delenv(fake.BROKEN)
    for key in found.plan.keys:
        run = RunFolder(Store(store).run(key))
        if known(run).state == "failed":
            run.reopen()
    drive(found, store, runner, target=TARGET)
    assert states(found, store) == {"large done": 6, "throughput done": 6, "train done": 6}
    events: list[Any] = []
    drive(found, store, runner, target=TARGET, on=events.append)
    assert events == []
