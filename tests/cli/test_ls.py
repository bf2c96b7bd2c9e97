"""`archspec ls`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archspec.cli.ls import DOCUMENTS
from archspec.cli.ls import FAMILIES as ASKED_FIRST
from archspec.spec import shelf
from archspec.spec.loading import load
from archspec.spec.registry import FAMILIES, load_builtins, members
from tests.cli.conftest import Run

DISAGREEING = """\
arch: honest
extends: {TINY}
reference: {{paper: p, params: 10K, macs: 0.2M}}
---
arch: boastful
extends: {TINY}
reference: {{paper: p, params: 9K, macs: 0.2M}}
---
arch: broken
extends: {TINY}
edits: {{stages.dpth: 3}}
"""


@pytest.fixture
def own_shelf(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf with an arch that agrees with its paper, one that does not, and one that cannot be loaded."""
    folder = desk / "own"
    folder.mkdir()
    (folder / "archs.yaml").write_text(DISAGREEING.format(TINY=desk / "tiny.yaml"), encoding="utf-8")
    monkeypatch.setenv("ARCHSPEC_PATH", str(folder))
    return folder


def test_the_overview_counts_everything_that_can_be_listed(data: Callable[..., Any], run: Run) -> None:
    counts = {entry["name"]: entry["count"] for entry in data("ls")}
    assert list(counts)[: len(DOCUMENTS)] == list(DOCUMENTS)
    assert counts["archs"] == len(shelf.names("arch")) > 0
    assert counts["mixers"] == sum(member.listed for member in members("mixers").values())
    for name in counts:
        run("ls", name)


def test_every_family_can_be_listed_however_it_is_called(data: Callable[..., Any]) -> None:
    load_builtins()
    listed = {entry["name"] for entry in data("ls")}
    assert {name if name not in DOCUMENTS else f"{name[:-1]}_kinds" for name in FAMILIES} <= listed
    assert set(ASKED_FIRST) <= FAMILIES.keys()


def test_archs_are_computed_beside_published_figures(run: Run) -> None:
    lines = run("ls", "archs").stdout.splitlines()
    assert lines[0].split()[:6] == ["arch", "params", "paper", "MACs", "paper", "top-1"]
    row = next(line for line in lines if line.startswith("caformer_s18 "))
    assert row.split() == ["caformer_s18", "26.3M", "26M", "4.11G", "4.1G", "83.6"]
    assert lines.index("metaformer_baselines") < lines.index(row)


def test_what_does_not_agree_is_marked(own_shelf: Path, run: Run) -> None:
    result = run("ls", "archs")
    rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines() if line}
    assert rows["honest"] == ["10.1K", "10K", "221K", "0.2M"]
    assert rows["boastful"] == ["10.1K", "✗", "9K", "221K", "0.2M"]
    assert rows["broken"] == ["✗"]
    assert "ours does not round to what the paper prints" in result.stderr
    assert f"broken cannot be loaded: {own_shelf / 'archs.yaml'}:11:" in result.stderr


def test_a_file_that_cannot_be_read_spoils_no_list(own_shelf: Path, run: Run, data: Callable[..., Any]) -> None:
    (own_shelf / "worse.yaml").write_text("arch: worse\nstem: {\n---\nrecipe: worst\n", encoding="utf-8")
    assert "worse cannot be loaded: " in run("ls", "archs").stderr
    assert {entry["arch"] for entry in data("ls", "archs") if "error" in entry} == {"broken", "worse"}
    result = run("ls", "recipes")
    assert "worst cannot be loaded: " in result.stderr
    assert "smoke_digits" in result.stdout


def test_archs_as_data(own_shelf: Path, data: Callable[..., Any]) -> None:
    entries = {entry["arch"]: entry for entry in data("ls", "archs")}
    assert entries["honest"] == {
        "arch": "honest",
        "file": str(own_shelf / "archs.yaml"),
        "size": 32,
        "params": 10050,
        "frozen_params": 0,
        "macs": 221_344,
        "activations": 26_384,
        "digest": load("honest").digest,
        "reference": {"paper": "p", "params": "10K", "macs": "0.2M"},
        "agrees": {"params": True, "macs": True},
    }
    assert entries["boastful"]["agrees"] == {"params": False, "macs": True}
    assert "dpth" in entries["broken"]["error"]
    assert entries["caformer_s18"]["params"] == 26_341_656


def test_a_kind_is_listed_with_its_fields(run: Run, data: Callable[..., Any]) -> None:
    text = run("ls", "mixers").stdout
    assert "\nsep_conv\n  Pointwise, activation, depthwise, pointwise" in text
    assert "{parallel: [a, b]}" in text
    kinds = {entry["kind"]: entry for entry in data("ls", "mixers")}
    fields = {field["name"]: field for field in kinds["attention"]["fields"]}
    assert fields["head_dim"] == {
        "name": "head_dim",
        "type": "whole number ≥ 1",
        "required": False,
        "default": 32,
        "description": "width of a head; heads × head_dim may differ from the stage's width",
    }
    assert kinds.keys() == {kind for kind, member in members("mixers").items() if member.listed}


def test_fields_that_must_be_written_say_so(run: Run) -> None:
    line = next(line for line in run("ls", "stems").stdout.splitlines() if line.startswith("  dims"))
    assert line.split()[1] == "required"


SHELF = """\
recipe: mine
data: digits
optimizer: {kind: sgd, lr: 0.1}
batch: 32
phases: [{epochs: 7, resolution: 16}, {epochs: 2, resolution: [24, 32]}]
note: as short as it gets
---
study: my_study
baseline: [vit_tiny, {arch: own, extends: vit_tiny}]
recipe: mine
seeds: [3, 5]
reference: {paper: theirs, table: 4a}
factors: {width: {half: {stages.dim: {times: 1/2}}}}
---
runner: my_cluster
kind: slurm
resources: {gpus: 2, cpus: 8, memory: 64G}
nodes: 2
time_limit: 12h
options: {partition: big}
---
runner: my_machine
kind: local
resources: {memory: none}
"""


def test_documents_are_listed_with_what_one_chooses_them_by(
    desk: Path, monkeypatch: pytest.MonkeyPatch, run: Run, data: Callable[..., Any]
) -> None:
    (desk / "mine.yaml").write_text(SHELF, encoding="utf-8")
    monkeypatch.setenv("ARCHSPEC_PATH", str(desk))
    recipe = next(line for line in run("ls", "recipes").stdout.splitlines() if line.startswith("mine"))
    assert re.split(r"  +", recipe) == [
        *("mine", "digits", "16 → 24×32", "7 + 2", "32", "sgd 0.1", "as short as it gets", "mine.yaml")
    ]
    study = next(entry for entry in data("ls", "studies") if entry["name"] == "my_study")
    told = {"design": "one_factor", "of": "vit_tiny, own", "varies": "width", "recipe": "mine", "seeds": "2"}
    assert study.items() >= {**told, "paper": "theirs, table 4a", "file": str(desk / "mine.yaml")}.items()
    runner = next(entry for entry in data("ls", "runners") if entry["name"] == "my_cluster")
    told = {"kind": "slurm", "a run has": "16 cores, 4 GPUs", "memory": "128G", "time limit": "12h"}
    assert runner.items() >= {**told, "options": "partition=big"}.items()
    machine = next(entry for entry in data("ls", "runners") if entry["name"] == "my_machine")
    assert machine["memory"] == "none"


def test_what_cannot_be_listed(run: Run) -> None:
    assert "did you mean `mixers`?" in run("ls", "mixer", code=2).stderr
