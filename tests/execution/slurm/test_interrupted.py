"""Jobs that are taken away: every run ends up with its result, once, and goes on from where it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from archspec.studies.planning import Planned, planned
from tests.cluster import Cluster, until
from tests.execution.slurm.driving import all_is_well, driven, runs
from tests.studies import fake
from tests.studies.samples import written

pytestmark = pytest.mark.xdist_group("slurm")


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planned:
    """Three networks at two seeds, slow enough to be disturbed."""
    monkeypatch.setenv(fake.PACE, "0.6")
    return planned(written(tmp_path))


@contextmanager
def at_work(cluster: Cluster, sample: Planned, store: Path) -> Iterator[None]:
    """While a driver drives, and some runs are in the middle."""
    driver = Thread(target=driven, args=(sample, store))
    driver.start()
    try:
        until(lambda: any((one.step or 0) > 1 and one.state == "running" for one in runs(sample, store).values()))
        yield
    finally:
        driver.join(timeout=180)
        assert not driver.is_alive()


def running(cluster: Cluster) -> str:
    """A task that is at work."""
    return next(line.split()[0] for line in cluster.queue() if line.endswith("RUNNING"))


def test_a_cancelled_task_of_an_array_is_submitted_again(cluster: Cluster, sample: Planned, tmp_path: Path) -> None:
    with at_work(cluster, sample, tmp_path / "store"):
        cluster.say("scancel", running(cluster))
    all_is_well(cluster, sample, tmp_path / "store")
    assert max(one.attempt for one in runs(sample, tmp_path / "store").values()) == 2


def test_a_requeued_task_goes_on(cluster: Cluster, sample: Planned, tmp_path: Path) -> None:
    with at_work(cluster, sample, tmp_path / "store"):
        cluster.say("scontrol", "requeue", running(cluster))
    all_is_well(cluster, sample, tmp_path / "store")
    assert max(one.attempt for one in runs(sample, tmp_path / "store").values()) == 2
