"""Whatever is killed in the middle: every run ends up with its result, once."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from archspec.errors import RecordsError
from archspec.execution.slurm import asking, pool
from archspec.execution.slurm.asking import Word
from archspec.records.run import RunFolder
from archspec.studies.planning import Planned, planned
from tests.cluster import Cluster, until
from tests.execution.slurm.conftest import REPOSITORY
from tests.execution.slurm.driving import ONE, all_is_well, at_work, batches, driven, in_the_middle, running, runs
from tests.studies import fake
from tests.studies.samples import STUDY, written

pytestmark = pytest.mark.slow

DRIVER = """
import signal
import sys
from pathlib import Path
from archspec.studies.planning import planned
from tests.execution.slurm.driving import driven
signal.signal(signal.SIGINT, signal.default_int_handler)  # which shells take from what they start behind one's back
driven(planned(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planned:
    """Three networks at two seeds, slow enough to be disturbed."""
    monkeypatch.setenv(fake.PACE, "0.6")
    return planned(written(tmp_path))


def processes(pattern: str, place: str) -> list[int]:
    """The processes of a cluster's whose name, command or environment says something."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environment = (folder / "environ").read_bytes()
            said = (folder / "cmdline").read_bytes() + b"\0" + environment
            if place.encode() in environment and re.search(pattern.encode(), said):
                found.append(int(folder.name))
    return found


def kill_all(pids: list[int]) -> None:
    """Kill what is still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def job(cluster: Cluster, task: str) -> tuple[str, str]:
    """The number and the node of a task."""
    number, node = cluster.say("squeue", "--noheader", f"--jobs={task}", "--format=%A %N").split()
    return number, node


def test_a_nodes_daemon_is_killed_and_comes_back(cluster: Cluster, sample: Planned, tmp_path: Path) -> None:
    with at_work(sample, tmp_path / "store"):
        cluster.kill("slurmd.c1")
        cluster.up()
    all_is_well(cluster, sample, tmp_path / "store")
    assert {one.attempt for one in runs(sample, tmp_path / "store").values()} == {1}


def test_a_node_fails_while_its_jobs_live_on(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fake.PACE, "5")
    sample = planned(written(tmp_path, ONE))
    with at_work(sample, tmp_path / "store"):
        node = job(cluster, running(cluster))[1]
        cluster.kill(f"slurmd.{node}")
        # SLURM gives the node up and starts its jobs elsewhere, though the old processes are alive.
        cluster.say("scontrol", "update", f"nodename={node}", "state=down", "reason=silent")
        until(lambda: any(one.attempt > 1 for one in runs(sample, tmp_path / "store").values()))
        cluster.up()
    all_is_well(cluster, sample, tmp_path / "store")


def test_a_node_fails_with_all_that_runs_there(cluster: Cluster, sample: Planned, tmp_path: Path) -> None:
    with at_work(sample, tmp_path / "store"):
        number, node = job(cluster, running(cluster))
        cluster.kill(f"slurmd.{node}")
        kill_all(processes(rf"slurmstepd: \[{number}\.|SLURM_JOB_ID={number}\0", str(cluster.root)))
        until(lambda: "down" in cluster.say("sinfo", "--noheader", f"--nodes={node}", "--format=%t"))
        cluster.up()
    all_is_well(cluster, sample, tmp_path / "store")
    assert max(one.attempt for one in runs(sample, tmp_path / "store").values()) == 2


def test_all_processes_of_a_job_are_killed(cluster: Cluster, sample: Planned, tmp_path: Path) -> None:
    with at_work(sample, tmp_path / "store"):
        number, _ = job(cluster, running(cluster))
        kill_all(processes(rf"SLURM_JOB_ID={number}\0", str(cluster.root)))
    all_is_well(cluster, sample, tmp_path / "store")
    assert max(one.attempt for one in runs(sample, tmp_path / "store").values()) == 2


def test_the_controller_is_killed_and_comes_back(
    cluster: Cluster, sample: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # SLURM notices minutes later what ends while its controller is down, so nothing ends before it is back.
    store, gate, asked = tmp_path / "store", tmp_path / "gate", list[bool]()
    monkeypatch.setenv(fake.GATE, str(gate))
    gate.touch()

    def queue() -> dict[str, Word] | None:
        words = asking.queue()
        asked.append(words is not None)
        return words

    monkeypatch.setattr(pool, "queue", queue)
    with at_work(sample, store):
        gate.unlink()
        cluster.saved()
        cluster.kill("slurmctld")
        until(lambda: not asked[-1])
        cluster.up()
        until(lambda: asked[-1])
        gate.touch()
    all_is_well(cluster, sample, store)
    assert {one.attempt for one in runs(sample, store).values()} == {1}
    assert len(batches(store)) == 2


def test_a_run_that_dies_of_memory_is_given_more(cluster: Cluster, tmp_path: Path) -> None:
    sample, store = planned(written(tmp_path, ONE)), tmp_path / "store"
    events = driven(sample, store, "tests.execution.slurm.hungry:work", resources={"memory": "700M"})
    assert [event.what for event in events] == ["started", "died", "started", "done"]
    all_is_well(cluster, sample, store)
    (attempt,) = store.glob("runs/*/attempts/*/starved.json")
    assert json.loads(attempt.read_text())["memory"] == 700_000_000


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_driver_is_gone_and_another_comes(
    cluster: Cluster, sample: Planned, tmp_path: Path, how: signal.Signals
) -> None:
    store = tmp_path / "store"
    command = [sys.executable, "-c", DRIVER, str(tmp_path / "sample.yaml"), str(store)]
    with (tmp_path / "said").open("w") as said, subprocess.Popen(command, cwd=REPOSITORY, stderr=said) as driver:
        until(lambda: in_the_middle(sample, store))
        driver.send_signal(how)
    submitted = batches(store).keys()
    assert cluster.queue()
    driven(sample, store)
    all_is_well(cluster, sample, store)
    assert batches(store).keys() == submitted
    assert {one.attempt for one in runs(sample, store).values()} == {1}


def test_a_driver_is_killed_before_it_knew_the_number(cluster: Cluster, sample: Planned, tmp_path: Path) -> None:
    store = tmp_path / "store"
    command = [sys.executable, "-c", DRIVER, str(tmp_path / "sample.yaml"), str(store)]
    with subprocess.Popen(command, cwd=REPOSITORY) as driver:
        until(lambda: in_the_middle(sample, store))
        driver.kill()
    submitted = batches(store).keys()
    for number in store.glob("slurm/*/id"):
        number.unlink()
    driven(sample, store)
    all_is_well(cluster, sample, store)
    assert batches(store).keys() == submitted


def test_a_second_driver(cluster: Cluster, sample: Planned, tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "other"
    folder.mkdir()
    other = planned(written(folder, STUDY.replace("study: sample", "study: other")))
    assert set(other.plan.keys) == set(sample.plan.keys)
    with at_work(sample, store):
        with pytest.raises(RecordsError, match="driven already"):
            driven(sample, store)
        # Another study finds the same runs in the queue and waits for them.
        driven(other, store)
        all_is_well(cluster, other, store)
    assert len(batches(store)) == 2
    assert {one.attempt for one in runs(sample, store).values()} == {1}


def test_results_appear_late(
    cluster: Cluster, sample: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, looks, result = tmp_path / "store", dict[Path, int](), RunFolder.result

    def late(folder: RunFolder) -> dict[str, object] | None:
        """Not there when one looks for it for the first times."""
        looks[folder.path] = looks.get(folder.path, 0) + folder.result_json.exists()
        return result(folder) if looks[folder.path] > 8 else None

    monkeypatch.setattr(RunFolder, "result", late)
    events = driven(sample, seen, file_delay="1m")
    all_is_well(cluster, sample, seen)
    assert {event.what for event in events} == {"started", "done"}
    assert len(batches(seen)) == 2
