"""A cluster for the tests of this folder, which must leave no job behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import cluster as clusters
from tests.cluster import Cluster

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def one_cluster() -> Iterator[Cluster]:
    """One for all tests of a process."""
    try:
        with clusters.cluster() as found:
            yield found
    except clusters.UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def cluster(one_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """The cluster, healthy and empty."""
    for name in [name for name in os.environ if name.startswith("SLURM_")]:
        monkeypatch.delenv(name)
    for name, value in {**one_cluster.environment, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}.items():
        monkeypatch.setenv(name, value)
    one_cluster.up()
    yield one_cluster
    one_cluster.up()
    one_cluster.clear()
