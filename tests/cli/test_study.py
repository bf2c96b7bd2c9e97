"""The commands of `archspec study`, on real trainings of two steps."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from types import TracebackType

import pytest

from archspec.studies.folder import StudyFolder
from archspec.studies.planning import planned
from tests.cli.conftest import Run
from tests.studies.samples import STUDY, written
from tests.studies.test_estimating import ran

CHECK = ("sample.yaml", "--profile", "check")


def test_a_study_from_plan_to_report(desk: Path, run: Run) -> None:
    written(desk)
    planned = json.loads(run("study", "plan", *CHECK, "--json").stdout)["runs"]
    assert [(one["arm"], one["factor"], one["state"]) for one in planned[:2]] == [
        ("tiny", None, "planned"), ("pooling", "mixer", "planned"),
    ]  # fmt: skip
    assert {"seed", "key", "params", "frozen_params", "macs", "baseline"} <= planned[0].keys()

    run("study", "cancel", *CHECK, "--only", "norm")
    first = run("study", "run", *CHECK, "--only", "mixer")
    assert "pooling" in first.stdout
    status = json.loads(run("study", "status", *CHECK, "--json").stdout)
    assert status["counts"] == {"done": 2, "cancelled": 1}
    assert {one["state"] for one in status["runs"] if one["factor"] == "norm"} == {"cancelled"}

    assert json.loads(run("study", "retry", *CHECK, "--json").stdout)["retried"]
    whole = json.loads(run("study", "run", *CHECK, "--json").stdout)
    assert [(row["arm"], row["n"]) for row in whole["arms"]] == [("tiny", 1), ("pooling", 1), ("same", 1), ("batch", 1)]
    assert (desk / "archspec-store/studies/sample@check/plan.json").exists()


def test_an_arm_that_is_not_there_is_answered_with_the_nearest(desk: Path, run: Run) -> None:
    written(desk)
    assert "`pooling`" in run("study", "run", *CHECK, "--only", "poling", code=2).stderr


def test_data_that_is_not_here_stops_a_study_before_it_begins(desk: Path, run: Run) -> None:
    message = run("study", "run", "ablation_metaformer", code=1).stderr
    assert "imagenet" in message
    assert not (desk / "archspec-store/runs").exists()


def test_a_study_measures_with_real_networks(desk: Path, run: Run) -> None:
    measured = "measure: [throughput, {val: {kind: evaluate, split: val}}]\n"
    written(desk, STUDY[: STUDY.index("factors")] + "factors: {mixer: {pooling: {stages.mixer: pooling}}}\n" + measured)
    planned = json.loads(run("study", "plan", *CHECK, "--json").stdout)["runs"]
    assert [one["role"] for one in planned] == ["train", "throughput", "val"] * 2
    table = run("study", "run", *CHECK).stdout
    assert "throughput: images_per_second, measured on finished runs" in table
    whole = json.loads(run("study", "report", *CHECK, "--json").stdout)
    assert {"val.top1", "val.top5", "val.loss", "throughput.images_per_second"} <= set(whole["metrics"])
    assert all(row["measured"]["throughput.images_per_second"]["mean"] > 0 for row in whole["arms"])
    page = (desk / "archspec-store/studies/sample@check/report.html").read_text(encoding="utf-8")
    assert ">throughput<" in page
    assert "pooling · val" in run("study", "status", *CHECK).stdout
    status = json.loads(run("study", "status", *CHECK, "--json").stdout)
    assert status["counts"] == {"done": 6}


def test_what_a_driver_began_with_is_cancelled_too_once_the_document_has_changed(desk: Path, run: Run) -> None:
    file = written(desk)
    before = planned(file).plan
    folder = StudyFolder.of(desk / "archspec-store", before)
    with folder.driving():
        folder.keep(before)
        file.write_text(file.read_text().replace("{stages.mixer: pooling}", "{stages.mixer: {kernel: 5}}"))
        now = planned(file).plan
        assert {*before.keys} - {*now.keys}
        run("study", "cancel", "sample.yaml")
    assert folder.cancelled() == {*before.keys, *now.keys}


def test_a_probe_tells_the_time_and_is_kept(desk: Path, run: Run) -> None:
    written(desk)
    assert "--probe" in run("study", "plan", "sample.yaml").stdout
    first = run("study", "plan", "sample.yaml", "--probe", "--json")
    told = json.loads(first.stdout)
    assert {one["seconds_from"] for one in told["runs"]} == {"probe"}
    assert told["time"]["wall_seconds"] > 0
    assert told["time"]["unknown"] == []
    assert first.stderr.count("measured") == 3
    again = run("study", "plan", "sample.yaml", "--probe", "--json")
    assert json.loads(again.stdout)["time"] == told["time"]
    assert "measured" not in again.stderr
    assert "measured" in run("study", "plan", "sample.yaml").stdout
    assert not (desk / "archspec-store/runs").exists()


def test_a_study_beyond_its_budget_does_not_start(desk: Path, run: Run) -> None:
    written(desk, STUDY + "budget: {gpu_hours: 1.5}\n")
    (desk / "gpus.yaml").write_text("runner: gpus\nkind: local\nresources: {gpus: 1}\n")
    sample, store = planned(desk / "sample.yaml"), desk / "archspec-store"
    ran(sample, store, sample.plan.keys[0], 3600.0, cuda="13.0")
    message = run("study", "run", "sample.yaml", "--runner", "gpus.yaml", code=1).stderr
    assert "more than its `budget: {gpu_hours: 1.5}`" in message
    assert [path.name for path in (store / "runs").iterdir()] == [sample.plan.keys[0]]


def test_a_short_run_is_a_study_of_its_own(desk: Path, run: Run) -> None:
    written(desk)
    short = json.loads(
        run("study", "run", "sample.yaml", "--steps", "2", "--seeds", "0", "--only", "norm", "--json").stdout
    )
    assert {row["arm"]: row["n"] for row in short["arms"]} == {"tiny": 1, "pooling": 0, "same": 1, "batch": 1}
    store = desk / "archspec-store"
    assert [path.name for path in (store / "studies").iterdir()] == ["sample@2 steps"]
    assert {json.loads(path.read_text())["steps"] for path in store.glob("runs/*/result.json")} == {2}


def test_debugging_runs_one_arm_here_and_keeps_nothing(desk: Path, run: Run) -> None:
    written(desk)
    said = run("study", "run", "sample.yaml", "--steps", "2", "--debug", "--only", "norm").stderr
    assert "norm/batch, seed 0" in said
    assert "epoch 1/1" in said
    assert not (desk / "archspec-store").exists()


def test_debugging_stops_where_something_is_raised(desk: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    written(desk)
    places: list[str] = []

    def look(trace: TracebackType) -> None:
        frames = [frame.name for frame in traceback.extract_tb(trace)]
        places.append(frames[-1])

    def broken(*_: object) -> None:
        raise ValueError("seen")

    monkeypatch.setattr("archspec.training.loop.Learner.step", broken)
    monkeypatch.setattr("pdb.post_mortem", look)
    run("study", "run", "sample.yaml", "--steps", "2", "--debug", code=1)
    assert places == ["broken"]
