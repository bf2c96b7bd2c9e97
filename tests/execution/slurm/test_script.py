"""What sbatch is given, also where there is no SLURM."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from archspec.execution.slurm.submitting import plain_environment, script
from archspec.spec.runner import RUNNER, Slurm
from archspec.spec.shelf import names


def lines(tasks: int = 1, **said: Any) -> list[str]:
    runner = RUNNER.load({"kind": "slurm", "time_limit": "90m", **said})
    assert isinstance(runner, Slurm)
    return script(runner, tasks, Path("store") / "logs", runner.memory_for(0)).splitlines()


def test_nothing_is_asked_for_that_was_not_said() -> None:
    asked = {line.split("=")[0].removeprefix("#SBATCH --") for line in lines() if line.startswith("#SBATCH")}
    assert asked == {
        *("job-name", "nodes", "ntasks-per-node", "cpus-per-task", "time"),
        *("signal", "output", "open-mode", "requeue"),
    }
    assert "#SBATCH --time=90" in lines()


def test_whatever_sbatch_and_srun_know() -> None:
    options = {"partition": "gpu", "account": "lab", "qos": "low", "constraint": "a100|h100", "mail_type": "END"}
    made = lines(options=options, srun=["--mpi=none", "--cpu-bind=cores"], warning="5m")
    for flag in (
        "partition=gpu",
        "account=lab",
        "qos=low",
        "constraint='a100|h100'",
        "mail-type=END",
        "signal=USR2@300",
    ):
        assert f"#SBATCH --{flag}" in made
    assert "--cpus-per-task=1 --mpi=none --cpu-bind=cores" in made[-1]


def test_resources_are_those_of_a_node() -> None:
    made = lines(nodes=2, resources={"gpus": 4, "cpus": 32, "memory": "64G"})
    for flag in ("nodes=2", "ntasks-per-node=4", "cpus-per-task=8", "gpus-per-node=4", "mem=61036M"):
        assert f"#SBATCH --{flag}" in made


@pytest.mark.parametrize("option", ["mem", "mem_per_cpu", "mem-per-gpu"])
def test_memory_is_named_once(option: str) -> None:
    made = lines(resources={"memory": "64G"}, options={option: "4G"})
    assert [line for line in made if "mem" in line] == [f"#SBATCH --{option.replace('_', '-')}=4G"]


def test_a_gres_says_which_gpus() -> None:
    made = lines(resources={"gpus": 1}, options={"gres": "gpu:a100:1"})
    assert "#SBATCH --gres=gpu:a100:1" in made
    assert not [line for line in made if "gpus-per-node" in line]


def test_what_comes_before_a_run() -> None:
    made = lines(setup=["module load cuda"], environment={"NAME": "it's", "N": 1}, python="apptainer exec a.sif python")
    assert made[made.index("# setup") + 1 :][:3] == ["export NAME='it'\"'\"'s'", "export N=1", "module load cuda"]
    assert "apptainer exec a.sif python -u -m submitit.core._submit" in made[-1]


def test_several_are_an_array() -> None:
    assert "#SBATCH --array=0-39%40" in lines(40)
    assert not [line for line in lines(1) if "--array" in line]


def test_a_cluster_that_is_not_there_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert not [line for line in lines(time_limit="none") if "--time" in line]


@pytest.mark.parametrize("name", [name for name in names("runner") if name.startswith("slurm")])
def test_those_that_are_shipped(name: str) -> None:
    runner = RUNNER.load(name)
    assert isinstance(runner, Slurm)
    made = script(runner, 2, Path("store"))
    assert ("partition" in made) == (name == "slurm-h100-preempt")


def test_jobs_do_not_inherit_what_a_job_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_MEM_PER_CPU", "100")
    monkeypatch.setenv("SLURM_CONF", "slurm.conf")
    with plain_environment():
        assert "SLURM_MEM_PER_CPU" not in os.environ
        assert os.environ["SLURM_CONF"] == "slurm.conf"
    assert os.environ["SLURM_MEM_PER_CPU"] == "100"


def test_what_a_run_is_given_counts_every_node_and_process() -> None:
    runner = RUNNER.load({"kind": "slurm", "nodes": 2, "resources": {"gpus": 4, "cpus": 30, "memory": "64G"}})
    # Seven cores for each of the four processes of a node, which is what sbatch is asked for.
    assert (runner.given.gpus, runner.given.cpus, runner.given.memory) == (8, 56, 128e9)
