"""A study on a cluster comes to what it would have come to here."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from archspec.records.index import Index
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.report.table import tabulate
from archspec.spec.runner import RUNNER
from archspec.studies.driving import drive
from archspec.studies.planning import Planned, planned
from tests.cluster import Cluster, until
from tests.execution.slurm.driving import ONE, all_is_well, batches, driven, runner, runs, weights
from tests.studies import fake
from tests.studies.samples import written

TWO_BY_TWO = """\
study: sample
baseline: tiny
recipe: brief
seeds: 2
factors: {mixer: {pooling: {stages.mixer: pooling}}}
"""


def table(sample: Planned, store: Path) -> dict[str, Any]:
    """The table of a study, without what may differ: times and places."""
    with Index.open(store) as index:
        said = tabulate(sample.plan, index.known(sample.plan.keys)).to_dict()
    for arm in said["arms"]:
        del arm["gpu_hours"], arm["hours"]
    return said


def test_the_table_is_that_of_inline_to_the_last_digit(cluster: Cluster, tmp_path: Path) -> None:
    sample = planned(written(tmp_path, TWO_BY_TWO))
    drive(sample, tmp_path / "here", RUNNER.load("inline"))
    drive(sample, tmp_path / "there", runner())
    assert table(sample, tmp_path / "there") == table(sample, tmp_path / "here")
    assert weights(sample, tmp_path / "there") == weights(sample, tmp_path / "here")
    assert {one.attempt for one in runs(sample, tmp_path / "there").values()} == {1}


def test_arrays_are_no_longer_than_the_cluster_allows(cluster: Cluster, tmp_path: Path) -> None:
    sample, store = planned(written(tmp_path)), tmp_path / "store"
    events = driven(sample, store)
    all_is_well(cluster, sample, store)
    assert [event.what for event in events].count("done") == 6
    assert {one.attempt for one in runs(sample, store).values()} == {1}
    # An array of five, which is as many as may be, and a job for the sixth.
    assert sorted(len(logs) for logs in batches(store).values()) == [1, 5]
    assert driven(sample, store) == []


def test_several_runs_share_a_job(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fake.BROKEN, "1:die")
    sample, store = planned(written(tmp_path)), tmp_path / "store"
    driven(sample, store, per_job=6)
    states = [one.state for one in runs(sample, store).values()]
    # Those that kill their process take nobody with them.
    assert states.count("done") == states.count("failed") == 3
    assert len(batches(store)) == 3


@pytest.mark.slow
def test_four_to_a_job_are_what_they_are_alone(cluster: Cluster, tmp_path: Path) -> None:
    sample = planned(written(tmp_path, TWO_BY_TWO))
    drive(sample, tmp_path / "here", RUNNER.load("inline"))
    drive(sample, tmp_path / "there", runner(per_job=4))
    assert table(sample, tmp_path / "there") == table(sample, tmp_path / "here")
    assert [len(logs) for logs in batches(tmp_path / "there").values()] == [1]


@pytest.mark.slow
def test_forty_runs(cluster: Cluster, tmp_path: Path) -> None:
    sample, store = planned(written(tmp_path), seeds=tuple(range(14))), tmp_path / "store"
    driven(sample, store)
    all_is_well(cluster, sample, store)
    assert len(runs(sample, store)) == 42
    assert {one.attempt for one in runs(sample, store).values()} == {1}
    assert sorted(len(logs) for logs in batches(store).values()) == [2] + [5] * 8


@pytest.mark.slow
def test_two_processes_train_one_network(cluster: Cluster, tmp_path: Path) -> None:
    sample = planned(written(tmp_path, ONE))
    drive(sample, tmp_path / "here", RUNNER.load("inline"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # No resolver knows the nodes' names, which are make-believe; all else comes from SLURM's variables.
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    two = runner(tasks=2, resources={"cpus": 2, "memory": "4G"}, environment=meeting)
    drive(sample, tmp_path / "there", two)
    (key,) = sample.plan.keys
    here, there = (RunFolder(Store(tmp_path / name).run(key)) for name in ("here", "there"))
    newest = there.newest()
    assert newest is not None
    assert (newest.number, newest.surroundings()["processes"]) == (1, 2)
    for name in ("train_loss", "val_loss"):
        assert there.metrics()[0][name] == pytest.approx(here.metrics()[0][name], abs=1e-5)
    until(lambda: not cluster.queue())
