"""Jobs that are taken away: every run ends up with its result, once, and goes on from where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.runner import RUNNER
from archspec.studies.driving import drive
from archspec.studies.planning import Planned, planned
from tests.cluster import Cluster, until
from tests.execution.slurm import slow
from tests.execution.slurm.driving import ONE, all_is_well, at_work, batches, driven, running, runs, weights
from tests.studies import fake
from tests.studies.samples import written

SLOW = "tests.execution.slurm.slow:work"


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planned:
    """Three networks at two seeds, slow enough to be disturbed."""
    monkeypatch.setenv(fake.PACE, "0.6")
    return planned(written(tmp_path))


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planned:
    """One network, trained here, and to be trained slowly elsewhere."""
    found = planned(written(tmp_path, ONE))
    drive(found, tmp_path / "here", RUNNER.load("inline"))
    monkeypatch.setenv(slow.PACE, "1.5")
    return found


def attempts(sample: Planned, store: Path) -> int:
    """The attempts at the run that had most."""
    return max(one.attempt for one in runs(sample, store).values())


def log(sample: Planned, store: Path, number: int) -> str:
    """What an attempt at the first run said."""
    attempt = RunFolder(Store(store).run(sample.plan.keys[0])).attempt(number)
    return attempt.log.read_text() if attempt.log.exists() else ""


def test_a_cancelled_task_of_an_array_is_submitted_again(cluster: Cluster, sample: Planned, tmp_path: Path) -> None:
    with at_work(sample, tmp_path / "store"):
        cluster.say("scancel", running(cluster))
    all_is_well(cluster, sample, tmp_path / "store")
    assert attempts(sample, tmp_path / "store") == 2


def test_a_requeued_task_goes_on(cluster: Cluster, sample: Planned, tmp_path: Path) -> None:
    with at_work(sample, tmp_path / "store"):
        cluster.say("scontrol", "requeue", running(cluster))
    all_is_well(cluster, sample, tmp_path / "store")
    assert attempts(sample, tmp_path / "store") == 2
    assert len(batches(tmp_path / "store")) == 2


@pytest.mark.slow
def test_a_run_outlasts_its_time_limit(
    cluster: Cluster, trained: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    monkeypatch.setenv(slow.PACE, "4")  # by waiting alone it lasts for longer than it is given
    driven(trained, store, SLOW, time_limit="1m", warning="15s")
    assert attempts(trained, store) >= 2
    assert "resumed at step" in log(trained, store, 2)
    assert weights(trained, store) == weights(trained, tmp_path / "here")
    # It was requeued, and not submitted again.
    assert len(batches(store)) == 1
    until(lambda: not cluster.queue())


@pytest.mark.slow
def test_a_run_gives_way_and_comes_back(
    cluster: Cluster, trained: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(slow.PACE, "0.5")
    store, first = tmp_path / "store", ["--partition=cpu", "--nodes=2", "--exclusive", "--output=/dev/null"]

    def begun() -> bool:
        return any(store.glob("runs/*/attempts/1/environment.json"))

    with at_work(trained, store, SLOW, begun, options={"partition": "preempt"}):
        cluster.say("sbatch", *first, "--wrap=true")
    assert attempts(trained, store) == 2
    assert "resumed at step" in log(trained, store, 2)
    assert weights(trained, store) == weights(trained, tmp_path / "here")
    assert len(batches(store)) == 1
    until(lambda: not cluster.queue())
