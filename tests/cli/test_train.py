"""`archspec train`, `archspec evaluate` and `archspec logs`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archspec.records.run import RunFolder
from tests.cli.conftest import Run, in_terminal, process

RECIPE = """\
recipe: short
data: digits
resolution: 32
epochs: 2
batch: 128
optimizer: {kind: adamw, lr: 1e-3}
threads: 1
"""
TRAIN = ("train", "tiny.yaml", "--recipe", "short.yaml", "--store", "store")


@pytest.fixture(autouse=True)
def short(desk: Path) -> None:
    (desk / "short.yaml").write_text(RECIPE)


def run_of(output: str) -> RunFolder:
    found = re.search(r"store/runs/\w+", output)
    assert found
    return RunFolder(Path(found[0]))


def test_a_run_is_trained_and_then_answered_from_the_store(run: Run) -> None:
    first = run(*TRAIN)
    folder = run_of(first.stdout)
    assert re.search(r"done +epoch 2 +top-1 [\d.]+ %", first.stdout)
    assert "epoch 2/2" in first.stderr
    assert "images/s" in first.stderr
    again = run(*TRAIN)
    assert again.stdout == first.stdout
    assert "finished before" in again.stderr
    assert len(folder.attempts()) == 1


def test_classes_channels_and_size_follow_the_recipe(run: Run) -> None:
    folder = run_of(run(*TRAIN, "--set", "recipe.epochs=1", "--set", "recipe.resolution=16").stdout)
    arch = folder.spec()["arch"]
    assert (arch["classes"], arch["input"]["size"]) == (10, 16)
    assert folder.spec()["recipe"]["epochs"] == 1


def test_settings_seeds_and_archs_are_other_runs(data: Callable[..., Any]) -> None:
    changes = [(), ("--seed", "1"), ("--set", "stages.mlp.ratio=2"), ("--set", "recipe.optimizer.lr=2e-3")]
    runs = [data(*TRAIN, "--set", "recipe.epochs=1", *more) for more in changes]
    assert len({result["run"] for result in runs}) == 4
    assert {result["state"] for result in runs} == {"done"}


def test_divergence_is_exit_code_1(run: Run) -> None:
    result = run(*TRAIN, "--set", "recipe.optimizer.lr=1e30", code=1)
    assert "failed" in result.stdout
    assert "diverged in step" in result.stdout


def test_a_mistake_is_told_at_its_setting(run: Run) -> None:
    result = run(*TRAIN, "--set", "recipe.epoch=3", code=1)
    assert "epochs" in result.stderr
    assert not Path("store").exists()


def test_a_terminal_sees_a_bar() -> None:
    seen = in_terminal(TRAIN, 100)
    assert "done" in seen
    assert "━" in seen


def test_evaluate_repeats_the_result(run: Run, data: Callable[..., Any]) -> None:
    folder = run_of(run(*TRAIN).stdout)
    result = folder.result()
    assert result is not None
    said = data("evaluate", str(folder.path))
    assert said["top1"] == result["top1"]
    assert said["loss"] == pytest.approx(result["loss"], abs=1e-6)
    assert (
        data("evaluate", folder.path.name[:8], "--store", "store", "--split", "val")["top1"]
        == folder.metrics()[-1]["top1"]
    )
    assert data("evaluate", str(folder.path), "--size", "64")["size"] == 64


def test_evaluate_wants_something_trained(run: Run) -> None:
    assert "--recipe" in run("evaluate", "tiny.yaml", code=2).stderr
    assert "pretrained" in run("evaluate", "tiny.yaml", "--recipe", "short.yaml", code=1).stderr


def test_logs_print_what_was_said(run: Run) -> None:
    folder = run_of(run(*TRAIN).stdout)
    for arguments in ((str(folder.path),), (folder.path.name, "--store", "store"), (str(folder.path), "-f")):
        said = run("logs", *arguments).stdout
        assert "epoch 1/2" in said
        assert "test  loss" in said
    assert "there is no run" in run("logs", "nothing", code=1).stderr


def test_another_process_ends_in_the_same_result(run: Run) -> None:
    whole = run_of(run(*TRAIN).stdout)
    elsewhere = [*TRAIN[:-1], "store2"]
    done = process(*elsewhere)
    assert done.returncode == 0, done.stderr
    other = RunFolder(Path("store2/runs") / whole.path.name)
    ours, theirs = whole.result(), other.result()
    assert ours == theirs


def test_what_a_run_starts_from_goes_first(run: Run, desk: Path) -> None:
    fine = "---\nrecipe: fine\nextends: short\nedits: {from: short, epochs: 1, resolution: 16}\n"
    (desk / "short.yaml").write_text(RECIPE + fine)
    command = ("train", "tiny.yaml", "--recipe", "short.yaml:fine", "--store", "store")
    first = run(*command)
    folder = run_of(first.stdout)
    before = folder.parent()
    assert before is not None
    assert f"starts from {before.path}, which goes first" in first.stderr
    assert "epoch 2/2" in first.stderr
    assert first.stdout.count("done") == 1
    again = run(*command)
    assert "goes first" not in again.stderr
    assert "finished before" in again.stderr
    assert run_of(run("train", "tiny.yaml", "--recipe", "short.yaml:short", "--store", "store").stdout) == before


def test_a_first_run_that_fails_is_the_end(run: Run, desk: Path) -> None:
    fine = "---\nrecipe: fine\nextends: short\nedits: {from: short, epochs: 1, optimizer.lr: 1e-3}\n"
    (desk / "short.yaml").write_text(RECIPE.replace("lr: 1e-3", "lr: 1e30") + fine)
    result = run("train", "tiny.yaml", "--recipe", "short.yaml:fine", "--store", "store", code=1)
    assert "failed: training diverged" in result.stderr
    assert result.stdout == ""
