"""The commands of `archspec study`, on real trainings of two steps."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run
from tests.studies.samples import STUDY, written

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
