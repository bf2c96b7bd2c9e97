"""The commands of somebody who sits at a cluster's login node."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from archspec.cli.root import archspec
from archspec.studies.planning import planned
from tests.cluster import Cluster, until
from tests.execution.slurm.driving import in_the_middle, runs
from tests.studies import fake
from tests.studies.samples import written

RUNNER = """\
runner: quick
kind: slurm
poll: 1s
file_delay: 2s
resources: {memory: 2G}
"""
DRIVER = """
import sys
from pathlib import Path
from archspec.studies.planning import planned
from tests.execution.slurm.driving import driven
driven(planned(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a study and a runner."""
    written(tmp_path)
    (tmp_path / "quick.yaml").write_text(RUNNER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARCHSPEC_STORE", str(tmp_path / "store"))
    return tmp_path


def said(*words: str, code: int = 0) -> str:
    """What a command prints."""
    result = CliRunner().invoke(archspec, words, prog_name="archspec")
    assert result.exit_code == code, result.output
    return result.stdout


def test_a_study_is_left_looked_at_and_cancelled(cluster: Cluster, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fake.PACE, "1")
    sample, store = planned(desk / "sample.yaml", seeds=(0, 1, 2)), desk / "store"
    command = [sys.executable, "-c", DRIVER.replace("argv[1])", "argv[1], seeds=(0, 1, 2))"), "sample.yaml", "store"]
    with subprocess.Popen(command) as driver:
        until(lambda: in_the_middle(sample, store))
        driver.kill()
    names = ("study", "status", "sample.yaml", "--seeds", "0-2")
    told = {run["key"]: run["slurm"] for run in json.loads(said(*names, "--json"))["runs"] if "slurm" in run}
    assert {one["state"] for one in told.values()} == {"RUNNING", "PENDING"}
    assert {one["node"] for one in told.values() if one["state"] == "RUNNING"} <= {"c1", "c2"}
    shown = said(*names)
    assert "PENDING (Resources)" in shown
    assert "queued" in shown
    key = next(key for key, one in told.items() if one["state"] == "RUNNING")
    said("study", "cancel", "sample.yaml", "--seeds", "0-2")
    until(lambda: not cluster.queue())
    assert "cancelled" in said(*names)
    assert runs(sample, store)[key].state != "done"
    said("logs", key, "--follow")


@pytest.mark.slow
def test_leaving_is_not_stopping(cluster: Cluster, desk: Path) -> None:
    command = [sys.executable, "-m", "archspec", "study", "run", "sample.yaml", "--runner", "quick.yaml"]
    with (desk / "said").open("w") as told, subprocess.Popen(command, stderr=told, stdout=told) as driver:
        until(lambda: any(line.endswith("RUNNING") for line in cluster.queue()))
        driver.send_signal(signal.SIGINT)
    assert driver.returncode
    assert "leaving: what is in the queue or at work goes on" in (desk / "said").read_text()
    assert "left; the same command goes on: archspec study run" in (desk / "said").read_text()
    assert cluster.queue()
    said("study", "run", "sample.yaml", "--runner", "quick.yaml")
    assert {one.attempt for one in runs(planned(desk / "sample.yaml"), desk / "store").values()} == {1}


def test_the_script_is_shown(cluster: Cluster, desk: Path) -> None:
    shown = said("study", "plan", "sample.yaml", "--runner", "quick.yaml")
    assert "#SBATCH --array=0-5%6" in shown
    assert "#SBATCH --mem=1908M" in shown
    assert "#SBATCH --requeue" in shown
    assert "partition" not in shown
    assert "#SBATCH" not in said("study", "plan", "sample.yaml", "--runner", "local")


def test_the_doctor_sends_a_job(cluster: Cluster, desk: Path) -> None:
    found = {one["name"]: one for one in json.loads(said("doctor", "--runner", "quick.yaml", "--json"))}
    assert {one["state"] for one in found.values()} == {"ok"}
    assert found.keys() == {"commands", "partition", "limits", "job", "store", "node"}
    assert "arrays of up to 5 tasks" in found["limits"]["message"]
    assert "nodes of up to 7.8 GiB" in found["limits"]["message"]
    assert not [*(desk / "store" / "slurm").iterdir()]


@pytest.mark.parametrize(
    ("line", "name", "words"),
    [
        ("options: {partition: cpus}", "partition", "there is no partition `cpus`"),
        ("options: {constraint: quantum}", "job", "Invalid feature specification"),
        ("setup: ['echo no module here >&2; exit 3']", "job", "no module here"),
        ("python: /nowhere/python", "job", "/nowhere/python"),
        ("options: {no-such: thing}", "job", "unrecognized option '--no-such=thing'"),
        ("srun: [--nonsense]", "job", "unrecognized option '--nonsense'"),
    ],
)
def test_the_doctor_says_what_is_wrong(cluster: Cluster, desk: Path, line: str, name: str, words: str) -> None:
    (desk / "quick.yaml").write_text(f"{RUNNER}{line}\n")
    found = json.loads(said("doctor", "--runner", "quick.yaml", "--json", code=1))
    (wrong,) = [one for one in found if one["state"] == "fail" and one["name"] == name]
    assert words in wrong["message"]


def test_a_line_of_setup_that_fails_silently_is_told(cluster: Cluster, desk: Path) -> None:
    (desk / "quick.yaml").write_text(f"{RUNNER}setup: [module load cuda]\n")
    (odd,) = [one for one in json.loads(said("doctor", "--runner", "quick.yaml", "--json")) if one["state"] != "ok"]
    assert (odd["name"], odd["state"]) == ("job", "warn")
    assert odd["message"].endswith("module: command not found")


def test_a_partition_that_lets_jobs_run_shorter(cluster: Cluster, desk: Path) -> None:
    (desk / "quick.yaml").write_text(f"{RUNNER}time_limit: 4h\noptions: {{partition: preempt}}\n")
    try:
        cluster.say("scontrol", "update", "partitionname=preempt", "maxtime=90")
        found = json.loads(said("doctor", "--runner", "quick.yaml", "--json", code=1))
    finally:
        cluster.say("scontrol", "update", "partitionname=preempt", "maxtime=unlimited")
    (wrong,) = [one for one in found if one["name"] == "partition"]
    assert wrong["message"] == "preempt: jobs run 4 h, and may run at most 1.5 h"
    assert wrong["hint"].startswith("time_limit: 90m")


def test_a_store_that_the_nodes_do_not_see(cluster: Cluster, desk: Path) -> None:
    (desk / "hidden").mkdir()
    ours = 'mount -t tmpfs none hidden && exec "$@" doctor --runner quick.yaml --store hidden --json'
    command = ["unshare", "--mount", "bash", "-c", ours, "bash", sys.executable, "-m", "archspec"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    (wrong,) = [one for one in found if one["state"] == "fail"]
    assert wrong["name"] == "store"
    assert "is not to be seen here" in wrong["message"]


def test_a_job_that_would_wait_for_ever_is_not_waited_for(cluster: Cluster, desk: Path) -> None:
    (wrong,) = [one for one in json.loads(said("doctor", "--runner", "slurm-a100", "--json", code=1)) if one["hint"]]
    assert wrong["message"] == "it would wait in vain: PENDING (PartitionConfig)"


@pytest.mark.slow
def test_a_job_drives(cluster: Cluster, desk: Path) -> None:
    words = ["study", "run", "sample.yaml", "--runner", "quick.yaml", "--driver", "quick.yaml"]
    done = subprocess.run([sys.executable, "-m", "archspec", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sample = planned(desk / "sample.yaml")
    until(lambda: not cluster.queue(), 240)
    assert {one.state for one in runs(sample, desk / "store").values()} == {"done"}
    assert {one.attempt for one in runs(sample, desk / "store").values()} == {1}
    assert (desk / "store" / "studies" / "sample" / "report.html").exists()
