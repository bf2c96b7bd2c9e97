"""Several processes do a job together."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from archspec.execution.jobs import Ended
from archspec.execution.local import Workers, places
from archspec.spec.runner import RUNNER, Local
from tests.execution.test_local import REPOSITORY, ended


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers find the jobs."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


def runner(**said: Any) -> Local:
    found = RUNNER.load({"kind": "local", "parallelism": 1, **said})
    assert isinstance(found, Local)
    return found


def pool(folder: Path, kind: str) -> Workers:
    """A pool of one place, for two processes."""
    return Workers(runner(tasks=2, resources={"cpus": 2}), f"tests.execution.jobs:{kind}", folder / "log")


def test_each_knows_who_it_is_and_they_stay_for_the_next_job(tmp_path: Path) -> None:
    workers = pool(tmp_path, "joining")
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        workers.submit(name, tmp_path / name)
        members = workers.busy[name].members
        assert ended(workers) == Ended(name, 0)
        said = [(tmp_path / name / str(rank)).read_text().split() for rank in (0, 1)]
        assert [one[:2] for one in said] == [["0", "2"], ["1", "2"]]
        assert said[0][2] == said[1][2]
        cores = [member for place in places(workers.runner) for member in place.cores]
        assert [one[3:] for one in said] == [[core] for core in cores] or not hasattr(os, "sched_getaffinity")
        assert workers.idle[0].members == members
    workers.close()
    assert [member.process.returncode for member in members] == [0, 0]


def test_where_one_dies_the_others_are_not_waited_for(tmp_path: Path) -> None:
    workers = pool(tmp_path, "forsaken")
    workers.submit("job", tmp_path)
    crew = workers.busy["job"]
    assert ended(workers) == Ended("job", -signal.SIGKILL)
    assert [member.process.poll() for member in crew.members] == [-signal.SIGKILL] * 2
    assert (workers.idle, workers.free) == ({}, 1)


def test_the_first_error_is_the_reason(tmp_path: Path) -> None:
    workers = pool(tmp_path, "raising_in_one")
    workers.submit("job", tmp_path)
    end = ended(workers)
    assert end.code == 1
    assert end.error.rstrip().endswith("ValueError: only here")
    assert workers.idle
    workers.close()


def test_an_accelerator_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
    found = list(places(runner(resources={"gpus": 2, "cpus": 4}, parallelism="none")))
    assert [place.devices for place in found] == ["0,1", "2,3"]
    assert [len(place.cores) for place in found] == [2, 2]
