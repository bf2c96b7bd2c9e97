"""Several processes learn what one would have."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from torch.testing import assert_close

import archspec
from archspec.compiler import load_model
from archspec.records.knowing import known
from archspec.records.run import RunFolder
from archspec.training import work as working
from archspec.training.environment import ALONE, ApartError, World, meeting_point, speaking, world_in
from archspec.training.evaluating import evaluate_on
from archspec.training.preparing import prepare
from archspec.training.train import train
from tests.training.runs import ARCH, counting, recipe, run_in, start

MIXED: dict[str, Any] = {"augment": {"mixup": 0.8, "cutmix": 1.0}, "ema": 0.9}


def together(run: RunFolder, processes: int) -> list[subprocess.Popen[str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return [start(run, RANK=str(rank), LOCAL_RANK=str(rank), **shared) for rank in range(processes)]


def test_two_processes_do_what_one_does(tmp_path: Path) -> None:
    one, two = run_in(tmp_path / "one", **MIXED), run_in(tmp_path / "two", **MIXED)
    train(one.path)
    children = together(two, 2)
    said = [child.communicate(timeout=300)[1] for child in children]
    assert [child.returncode for child in children] == [0, 0], said
    for ours, theirs in zip(one.metrics(), two.metrics(), strict=True):
        for name in ("train_loss", "val_loss", "ema_loss"):
            assert abs(ours[name] - theirs[name]) < 1e-5
    expected, found = load_file(counting(one).model), load_file(counting(two).model)
    for name, tensor in expected.items():
        assert_close(found[name], tensor, atol=1e-4, rtol=1e-3)


def test_processes_agree_on_the_statistics_of_batch_norms(tmp_path: Path) -> None:
    arch = archspec.load(ARCH).edit({"stages.norm": "batch_norm"})
    run = prepare(arch, recipe(epochs=2), 0, tmp_path)
    children = together(run, 2)
    said = [child.communicate(timeout=300)[1] for child in children]
    assert [child.returncode for child in children] == [0, 0], said
    result, network = run.result(), load_model(counting(run).model)
    assert result is not None
    # What both measured, each on its share of the images, is what the one network that was kept measures.
    assert evaluate_on(network, recipe(), "test")["loss"] == pytest.approx(result["loss"], abs=1e-5)


def test_torchruns_variables() -> None:
    assert world_in({}) == ALONE
    assert world_in({"RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1"}) == World(3, 8, 1)
    assert meeting_point({"MASTER_ADDR": "a", "MASTER_PORT": "7"}) == "tcp://a:7"


def test_slurms_variables() -> None:
    step = {"SLURM_PROCID": "3", "SLURM_STEP_NUM_TASKS": "8", "SLURM_LOCALID": "1"}
    assert world_in(step) == World(3, 8, 1)
    # An allocation of several tasks in which nothing was started with srun is one process.
    assert world_in({"SLURM_NTASKS": "8", "SLURM_PROCID": "0"}) == ALONE


@pytest.mark.parametrize(
    ("nodes", "first"),
    [("gpu7", "gpu7"), ("gpu[007-009,012]", "gpu007"), ("a1,b[2-3]", "a1"), ("gpu[3,5]", "gpu3")],
)
def test_the_first_node_is_the_meeting_point(nodes: str, first: str) -> None:
    assert meeting_point({"SLURM_STEP_NODELIST": nodes, "SLURM_JOB_ID": "12"}) == f"tcp://{first}:20012"


def test_a_process_whose_fellow_has_died_says_so_and_the_run_goes_on_later(tmp_path: Path) -> None:
    run = run_in(tmp_path, epochs=200)
    first, second = together(run, 2)
    while not run.metrics():
        assert first.poll() is second.poll() is None
    second.kill()
    said = first.communicate(timeout=300)[1]
    assert first.returncode == 1, said
    assert "another process of this run has ended" in said
    assert (run.result(), known(run).state) == (None, "lost")
    second.communicate()


def test_what_a_process_beside_it_does_is_no_failure_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forsaken(*_: Any) -> None:
        with speaking():
            raise RuntimeError("Connection closed by peer")

    run = run_in(tmp_path)
    monkeypatch.setattr(working, "train", forsaken)
    with pytest.raises(ApartError, match="Connection closed by peer"):
        working.work(run.path)
    assert run.result() is None
