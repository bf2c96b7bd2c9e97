"""A study on a cluster comes to what it would have come to here."""

from __future__ import annotations

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
from tests.cluster import Cluster
from tests.execution.slurm.driving import all_is_well, batches, driven, runner, runs
from tests.studies import fake
from tests.studies.samples import written

pytestmark = pytest.mark.xdist_group("slurm")

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


def weights(sample: Planned, store: Path) -> list[Any]:
    """The hashes of the trained networks."""
    return [(RunFolder(Store(store).run(key)).result() or {})["weights"] for key in sample.plan.keys]


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
