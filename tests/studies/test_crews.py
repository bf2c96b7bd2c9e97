"""A runner of this machine has several processes train each run."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.runner import RUNNER
from archspec.studies.driving import drive
from archspec.studies.planning import planned
from tests.studies.samples import written
from tests.studies.test_driving import REPOSITORY


def test_two_workers_train_one_network_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    sample = planned(written(tmp_path, "study: sample\nbaseline: tiny\nrecipe: brief\nseeds: 2\n"))
    two = RUNNER.load({"kind": "local", "parallelism": 1, "tasks": 2, "resources": {"cpus": 2}})
    drive(sample, tmp_path / "two", two)
    drive(sample, tmp_path / "one", RUNNER.load("inline"))
    for key in sample.plan.keys:
        ours, theirs = (RunFolder(Store(tmp_path / name).run(key)) for name in ("two", "one"))
        newest = ours.newest()
        assert newest is not None
        assert (newest.number, newest.surroundings()["processes"]) == (1, 2)
        for name in ("train_loss", "val_loss"):
            assert ours.metrics()[0][name] == pytest.approx(theirs.metrics()[0][name], abs=1e-5)
