"""Runs that start from the weights of others, or of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import archspec
from archspec.errors import ArchspecError, DataError, RecordsError, WeightsError
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.edits import edits_from
from archspec.spec.recipe import RECIPE
from archspec.training.preparing import prepare
from archspec.training.starting import start_of, started
from archspec.training.train import train
from tests.training.runs import ARCH, counting, recipe, run_in

FILE = """\
recipe: before
data: {data}
epochs: 1
batch: 64
optimizer: {{kind: adamw, lr: {lr}}}
threads: 1
---
recipe: after
extends: before
edits: {{from: before, data: digits, resolution: 24, optimizer.lr: 1e-3}}
"""


def written(folder: Path, data: str = "digits", lr: str = "2e-3") -> str:
    """The address of a recipe that starts from the one beside it."""
    file = folder / "mine.yaml"
    file.write_text(FILE.format(data=data, lr=lr))
    return f"{file}:after"


def test_the_run_of_the_same_arch_and_seed_goes_first(tmp_path: Path) -> None:
    address = written(tmp_path)
    arch, store = archspec.load(ARCH), tmp_path / "store"
    run = prepare(arch, RECIPE.load(address), 3, store)
    before = run.parent()
    assert before is not None
    assert before == prepare(arch, RECIPE.load(address.replace("after", "before")), 3, store)
    assert run.lineage() == [before, run]
    # Each is shaped for its own resolution, and neither knows the other's.
    assert [each.spec()["arch"]["input"]["size"] for each in (before, run)] == [16, 24]
    assert [each.spec()["seed"] for each in (before, run)] == [3, 3]
    with pytest.raises(RecordsError, match=f"{before.key}.*is not finished; train it first"):
        train(run.path)
    train(before.path)
    network = started(run)
    assert network is not None
    ours = load_file(counting(before).model)
    assert all(torch.equal(tensor, ours[name]) for name, tensor in network.state_dict().items())
    assert train(run.path)["state"] == "done"


def test_another_first_run_is_another_run(tmp_path: Path) -> None:
    keys = set()
    for number, lr in enumerate(("1e-3", "2e-3")):
        (tmp_path / str(number)).mkdir()
        address = written(tmp_path / str(number), lr=lr)
        keys.add(prepare(archspec.load(ARCH), RECIPE.load(address), 0, tmp_path / "store").key)
    assert len(keys) == 2


def test_a_recipe_and_the_folder_of_its_run_are_the_same_origin(tmp_path: Path) -> None:
    store, address = tmp_path / "store", written(tmp_path)
    arch, after = archspec.load(ARCH), RECIPE.load(address)
    run = prepare(arch, after, 0, store)
    before = run.parent()
    assert before is not None
    named = RECIPE.edited(after, edits_from({"from": str(before.path)}))
    assert prepare(arch, named, 0, store) == run


def test_a_run_in_another_store_gives_its_weights(tmp_path: Path) -> None:
    elsewhere = run_in(tmp_path / "theirs", epochs=1)
    origin: dict[str, Any] = {"epochs": 1, "from": str(elsewhere.path)}
    with pytest.raises(RecordsError, match="is not finished; train it first"):
        run_in(tmp_path / "ours", **origin)
    train(elsewhere.path)
    run = run_in(tmp_path / "ours", **origin)
    assert run.parent() is None
    assert run.key == run_in(tmp_path / "ours", **{**origin, "from": str(counting(elsewhere).model)}).key
    assert len(list(Store(tmp_path / "ours").weights("x").parent.iterdir())) == 1
    ours, network = load_file(counting(elsewhere).model), started(run)
    assert network is not None
    assert all(torch.equal(tensor, ours[name]) for name, tensor in network.state_dict().items())


def test_a_run_that_failed_gives_no_weights(tmp_path: Path) -> None:
    wild = run_in(tmp_path, optimizer={"lr": 1e30, "clip": "none"}, schedule={"warmup": 0.0})
    train(wild.path)
    origin: dict[str, Any] = {"epochs": 1, "from": str(wild.path)}
    after = run_in(tmp_path, **origin)
    with pytest.raises(RecordsError, match="failed: training diverged"):
        train(after.path)
    assert after.result() is None


@pytest.mark.parametrize(
    ("origin", "why"),
    [("./nowhere", "neither a run's folder nor a file"), ("net.pt", "safetensors files only"), ("digitz", "`digits`")],
)
def test_what_cannot_be_started_from_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.pt").write_bytes(b"weights")
    with pytest.raises(ArchspecError, match=why):
        prepare(archspec.load(ARCH), recipe(**{"from": origin}), 0, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_file_that_holds_no_weights_is_told(tmp_path: Path) -> None:
    (tmp_path / "net.safetensors").write_bytes(b"not weights")
    origin: dict[str, Any] = {"from": str(tmp_path / "net.safetensors")}
    run = run_in(tmp_path / "store", **origin)
    with pytest.raises(WeightsError):
        train(run.path)


def test_absent_data_of_the_first_run_is_told_of_that_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARCHSPEC_DATA", raising=False)
    address = written(tmp_path, data="imagenet")
    with pytest.raises(DataError, match=r"`before`, by which the weights are trained first.*--set recipe\.from=FILE"):
        prepare(archspec.load(ARCH), RECIPE.load(address), 0, tmp_path / "store")
    weights = tmp_path / "net.safetensors"
    archspec.save_model(archspec.build({**ARCH, "classes": 10, "input": {"size": 16, "channels": 1}}), weights)
    given = RECIPE.edited(RECIPE.load(address), edits_from({"from": str(weights)}))
    run = prepare(archspec.load(ARCH), given, 0, tmp_path / "store")
    assert run.start == start_of(str(weights), tmp_path / "store")
    assert isinstance(run, RunFolder)
    assert train(run.path)["state"] == "done"
