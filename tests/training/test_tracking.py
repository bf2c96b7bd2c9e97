"""Trackers are told everything, and whatever they do, the run is what it would have been."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from archspec.records.run import RunFolder
from archspec.training import tracking
from archspec.training.train import train
from tests.training.runs import counting, outcome, run_in
from tests.training.test_resume import Died, Interrupting, die

WANDB = """
import json, os

def write(*said):
    with open(os.environ["TOLD"], "a") as file:
        file.write(json.dumps(said) + chr(10))

class Run:
    def log(self, numbers, step): write("log", numbers, step)
    def finish(self, exit_code): write("finish", exit_code)

def init(**said):
    write("init", said)
    return Run()
"""
MLFLOW = """
import json, os
from types import SimpleNamespace

TOLD = os.environ["TOLD"]

def write(*said):
    with open(TOLD, "a") as file:
        file.write(json.dumps(said) + chr(10))

def made(key):
    there = [json.loads(line) for line in open(TOLD)] if os.path.exists(TOLD) else []
    return [line for line in there if line[0] == "run" and key in str(line)]

class MlflowClient:
    def get_experiment_by_name(self, name): return SimpleNamespace(experiment_id=name)
    def search_runs(self, places, filter_string, max_results):
        found = made(filter_string.split("'")[1])
        return [SimpleNamespace(info=SimpleNamespace(run_id=len(found)))] if found else []
    def create_run(self, place, run_name, tags):
        write("run", place, run_name, tags)
        return SimpleNamespace(info=SimpleNamespace(run_id=1))
    def update_run(self, run, status): write("status", run, status)
    def log_metric(self, run, name, number, step): write("log", run, name, number, step)
    def set_terminated(self, run, status): write("status", run, status)
"""


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other work on this machine may make a process late."""
    monkeypatch.setattr(tracking, "PATIENCE", dict.fromkeys(tracking.PATIENCE, 60.0))


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where fakes write what they are told; modules beside it are found first."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    return tmp_path / "told"


def lines(file: Path) -> list[list[Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def warnings(run: RunFolder) -> list[str]:
    log = "".join(attempt.log.read_text() for attempt in run.attempts())
    return [line for line in log.splitlines() if "warning" in line]


def curves(run: RunFolder) -> dict[str, dict[int, set[float]]]:
    """What TensorBoard shows of a run: the values of each curve by their steps."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    found: dict[str, dict[int, set[float]]] = {}
    for file in (run.tracked / "tensorboard").iterdir():
        events = EventAccumulator(str(file)).Reload()
        for name in events.Tags()["tensors"]:
            for event in events.Tensors(name):
                found.setdefault(name, {}).setdefault(event.step, set()).add(float(make_ndarray(event.tensor_proto)))
    return found


def interrupted(run: RunFolder) -> None:
    """An attempt that dies in the second epoch, and one that ends."""
    with pytest.raises(Died):
        train(run.path, Interrupting(30, die))
    train(run.path)


def test_tensorboard_shows_every_epoch_and_the_scores_of_all_attempts(tmp_path: Path) -> None:
    run = run_in(tmp_path, trackers=["tensorboard"])
    interrupted(run)
    shown, result = curves(run), run.result()
    assert result is not None
    assert warnings(run) == []
    assert len(list((run.tracked / "tensorboard").iterdir())) == 2
    for name in ("train_loss", "val_loss", "top1", "top5", "lr", "epoch"):
        expected = {line["step"]: [pytest.approx(line[name], rel=1e-6)] for line in run.metrics()}
        assert {step: list(values) for step, values in shown[name].items()} == expected
    assert {step: list(values) for step, values in shown["test_top1"].items()} == {
        result["steps"]: [pytest.approx(result["top1"], rel=1e-6)]
    }
    assert {"images_per_second", "seconds", "memory_mib"} <= shown.keys()


def test_wandb_goes_on_with_the_run_of_the_key(tmp_path: Path, told: Path) -> None:
    (tmp_path / "wandb.py").write_text(WANDB)
    run = run_in(tmp_path / "store", trackers=["wandb"])
    interrupted(run)
    assert warnings(run) == []
    said = lines(told)
    begun = [line[1] for line in said if line[0] == "init"]
    assert len(begun) == 2
    assert begun[0] == begun[1]
    assert (begun[0]["id"], begun[0]["resume"], begun[0]["name"]) == (run.key, "allow", "tiny tiny seed 0")
    assert begun[0]["config"]["recipe"]["epochs"] == 3
    *epochs, (_, final, _) = (line for line in said if line[0] == "log")
    assert [(numbers["top1"], step) for _, numbers, step in epochs] == [(m["top1"], m["step"]) for m in run.metrics()]
    assert final.keys() == {"test_loss", "test_top1", "test_top5"}
    assert [line[1] for line in said if line[0] == "finish"] == [0, 0]


def test_mlflow_goes_on_with_the_run_of_the_key(tmp_path: Path, told: Path) -> None:
    (tmp_path / "mlflow.py").write_text(MLFLOW)
    run = run_in(tmp_path / "store", trackers=["mlflow"])
    interrupted(run)
    assert warnings(run) == []
    said = lines(told)
    assert [line[1:] for line in said if line[0] == "run"] == [
        ["archspec", "tiny tiny seed 0", {"archspec.key": run.key}]
    ]
    assert [line[2] for line in said if line[0] == "status"] == ["RUNNING", "KILLED", "RUNNING", "FINISHED"]
    top1 = {line[4]: line[3] for line in said if line[0] == "log" and line[2] == "top1"}
    assert top1 == {line["step"]: line["top1"] for line in run.metrics()}


def test_a_failure_is_told(tmp_path: Path, told: Path) -> None:
    (tmp_path / "mlflow.py").write_text(MLFLOW)
    wild: dict[str, Any] = {"optimizer": {"lr": 1e30, "clip": "none"}, "schedule": {"warmup": 0.0}}
    assert train(run_in(tmp_path / "store", trackers=["mlflow"], **wild).path)["state"] == "failed"
    assert lines(told)[-1] == ["status", 1, "FAILED"]


BROKEN = {
    "missing": ("raise ModuleNotFoundError('No module named wandb')", "No module named wandb; pip install"),
    "no account": (
        "def init(**_): raise ValueError('no key: log in' + chr(10) + 'or out')",
        "ValueError: no key: log in ",
    ),
    "fails later": (WANDB.replace('write("log"', '(1 / 0, "log"'), "ZeroDivisionError"),
    "dies": ("import os; os._exit(3)", "it has ended"),
    "hangs": ("import time; time.sleep(600)", "not through 0.5 s after the end"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_tracker_that_breaks_costs_a_line_in_the_log(
    tmp_path: Path, told: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    code, said = BROKEN[how]
    (tmp_path / "wandb.py").write_text(code)
    if how == "hangs":
        monkeypatch.setattr(tracking, "PATIENCE", {"done": 0.5})
    plain, run = run_in(tmp_path / "plain"), run_in(tmp_path / "store", trackers=["wandb"])
    train(plain.path)
    assert train(run.path)["state"] == "done"
    assert outcome(run) == outcome(plain)
    (warning,) = warnings(run)
    assert "warning: wandb is told nothing more" in warning
    assert said in warning
    assert "training goes on" in warning


def test_a_tracker_that_takes_nothing_in_delays_nothing(tmp_path: Path) -> None:
    """Not even its pipe: what does not fit into that is given up."""
    said: list[str] = []
    listener = tracking.Listener("tensorboard", run_in(tmp_path), said.append)
    assert listener.process is not None
    os.kill(listener.process.pid, 19)  # stopped, it reads nothing
    for _ in range(100):
        listener.tell({"step": 1, "numbers": {"x" * 10_000: 1.0}})
    assert len(said) == 1
    assert "temporarily unavailable" in said[0]
    listener.close("done")


def test_where_trackers_cannot_write_training_goes_on(tmp_path: Path) -> None:
    run = run_in(tmp_path, trackers=["tensorboard"], epochs=1)
    run.tracked.write_text("a file in the way")
    assert train(run.path)["state"] == "done"
    assert "cannot be made" in warnings(run)[0]


def test_trackers_are_off_unless_asked_for_and_change_no_key(tmp_path: Path) -> None:
    run = run_in(tmp_path, epochs=1)
    train(run.path)
    assert not run.tracked.exists()
    assert counting(run).number == 1
    assert run_in(tmp_path / "other", epochs=1, trackers=["wandb"]).key == run.key
