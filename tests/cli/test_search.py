"""The commands about spaces, and those about studies on a search of real trainings of two steps."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.cli.conftest import Run
from tests.studies.test_searching import written

CHECK = ("seek.yaml", "--profile", "check")


def test_a_search_is_planned_shown_and_told_rung_by_rung(desk: Path, run: Run) -> None:
    written(desk, rungs="[{fraction: 1/8}]", keep="1/2", trials="2", sampler="random", final="{best: 1, seeds: 1}")
    told = run("study", "run", "seek.yaml", "--runner", "inline").stderr
    status = json.loads(run("study", "status", "seek.yaml", "--json").stdout)
    roles = [one["role"] for one in status["runs"]]
    assert roles[:2] == ["rung 1", "search"]
    for one in status["runs"]:
        if one["role"] != "train":
            assert re.search(
                rf"done +{one['factor']}/{one['arm']} · {one['role']}, seed 0 +top1 {one['metric']:.2f}", told
            )
    planned = json.loads(run("study", "plan", "seek.yaml", "--json").stdout)["runs"]
    cheap, whole = planned[0]["training_macs"], planned[1]["training_macs"]
    assert 0 < cheap < whole / 7
    assert re.search(r"\n0 .* 2/2 *\n", run("study", "plan", "seek.yaml").stdout)
    report = json.loads(run("study", "report", "seek.yaml", "--to", "json").stdout)["search"]["climbs"]
    assert [one["ended"] for one in report["rungs"]] == [2, roles.count("search")]


def test_a_search_from_plan_to_an_arch_of_its_own(desk: Path, run: Run) -> None:
    written(desk)
    assert [one["arm"] for one in json.loads(run("study", "plan", *CHECK, "--json").stdout)["runs"]] == ["tiny"]
    found = json.loads(run("study", "run", *CHECK, "--json").stdout)
    trials = found["search"]["trials"]
    assert [trial["state"] for trial in trials] == ["done", "done"]
    assert [arm["n"] for arm in found["arms"]] == [1, 1]

    status = json.loads(run("study", "status", *CHECK, "--json").stdout)
    assert status["counts"] == {"done": len({trial["arm"] for trial in trials}) + 2}
    assert "best candidates" in run("study", "report", *CHECK).stdout
    for form in ("html", "markdown", "latex", "csv"):
        run("study", "report", *CHECK, "--to", form)

    number = str(trials[0]["number"])
    written_to = run("study", "promote", *CHECK, "--trial", number, "--name", "chosen").stdout.strip()
    shown = json.loads(run("show", written_to, "--json").stdout)
    assert shown["spec"]["stages"][0]["depth"] == trials[0]["choices"]["stages.depth"]
    assert "is there already" in run("study", "promote", *CHECK, "--trial", number, "--name", "chosen", code=1).stderr
    assert "no trial" in run("study", "promote", *CHECK, "--trial", "999", code=2).stderr
    assert "no search" in run("study", "promote", "quickstart", "--trial", "1", code=2).stderr


def test_a_space_is_counted_and_drawn_from(desk: Path, run: Run) -> None:
    said = json.loads(run("space", "size", "metaformer_mixers", "--draws", "50", "--json").stdout)
    assert said["size"] == 638_976
    assert said["feasible"] == 1
    asked = ("--where", "params <= 12M")
    less = json.loads(run("space", "size", "metaformer_mixers", "--draws", "50", "--json", *asked).stdout)
    assert 0 < less["feasible"] < 1
    drawn = json.loads(run("space", "sample", "metaformer_mixers", "--count", "2", "--json", *asked).stdout)
    assert [one["params"] <= 12e6 for one in drawn] == [True, True]
    run("space", "sample", "metaformer_mixers", "--where", "params <= 1K", code=1)
    (desk / "one.yaml").write_text(run("space", "sample", "metaformer_mixers").stdout, encoding="utf-8")
    run("show", "one.yaml")


def test_a_wrong_condition_is_quoted(desk: Path, run: Run) -> None:
    assert "prams" in run("space", "size", "metaformer", "--where", "prams.x < 3", code=1).stderr


def test_what_a_space_asks_is_shown(desk: Path, run: Run) -> None:
    shown = run("space", "show", "metaformer_mixers").stdout
    assert "stages.{0,1,2,3}.mixer.sep_conv.kernel     3 | 5 | 7 | 9" in shown
    assert "\nstages.2.depth " in shown
    said = json.loads(run("space", "show", "metaformer", "--json").stdout)
    assert said["where"] == ["stages.dim never shrinks"]
    assert said["decisions"]["stages.0.dim"]["low"] == 32


def test_a_cancelled_search_stands_still_until_it_is_retried(desk: Path, run: Run) -> None:
    written(desk)
    run("study", "cancel", *CHECK)
    run("study", "run", *CHECK, "--json")
    assert json.loads(run("study", "report", *CHECK, "--json").stdout)["search"]["trials"] == []
    assert json.loads(run("study", "status", *CHECK, "--json").stdout)["counts"] == {"cancelled": 1}
    run("study", "retry", *CHECK)
    found = json.loads(run("study", "run", *CHECK, "--json").stdout)
    assert [trial["state"] for trial in found["search"]["trials"]] == ["done", "done"]
    assert [arm["n"] for arm in found["arms"]] == [1, 1]
