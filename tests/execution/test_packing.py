"""Worker processes share a machine's memory, and an accelerator's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archspec.execution import local
from archspec.execution.jobs import Needs
from archspec.execution.local import Workers
from archspec.spec.runner import RUNNER, Local
from tests.execution.test_local import REPOSITORY, ended

GIB = 2**30


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers find the jobs."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


def pool(folder: Path, **said: Any) -> Workers:
    """A pool of jobs that stop when they are asked to."""
    runner = RUNNER.load({"kind": "local", **said})
    assert isinstance(runner, Local)
    return Workers(runner, "tests.execution.jobs:obedient", folder / "log")


def begun(workers: Workers, folder: Path, job: str, needs: Needs) -> None:
    """Have a job begin."""
    assert workers.takes(needs)
    (folder / job).mkdir()
    workers.submit(job, folder / job, needs)
    while not (folder / job / "ready").exists():
        assert workers.wait(0.01) == []


def test_jobs_begin_while_there_is_main_memory(tmp_path: Path) -> None:
    workers = pool(tmp_path, parallelism=4, memory="5G")
    begun(workers, tmp_path, "one", Needs(2 * 10**9))
    begun(workers, tmp_path, "two", Needs(2 * 10**9))
    assert workers.free == 2
    assert not workers.takes(Needs(2 * 10**9))
    # What is small may go before.
    assert workers.takes(Needs(10**9))
    workers.stop("one")
    assert ended(workers).job == "one"
    assert workers.takes(Needs(2 * 10**9))
    workers.close()


def test_what_is_too_large_for_the_machine_tries_alone(tmp_path: Path) -> None:
    workers = pool(tmp_path, parallelism=2, memory="1G")
    begun(workers, tmp_path, "large", Needs(9 * 10**9))
    assert not workers.takes(Needs(1))
    workers.close()


def test_workers_without_a_job_leave_where_memory_is_short(tmp_path: Path) -> None:
    workers = pool(tmp_path, parallelism=3, memory="5G")
    begun(workers, tmp_path, "one", Needs(10**9))
    begun(workers, tmp_path, "two", Needs(10**9))
    workers.stop("one")
    ended(workers)
    (idle,) = workers.idle.values()
    assert workers.takes(Needs(4 * 10**9))
    assert idle.process.poll() is None
    assert not workers.takes(Needs(5 * 10**9))
    assert idle.process.poll() == 0
    workers.close()


def test_an_accelerator_is_shared_while_it_has_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    monkeypatch.setattr(local, "device_memory", {"4": 3 * GIB, "7": 10 * GIB}.__getitem__)
    workers = pool(tmp_path, resources={"gpus": 1}, share=3)
    for job in ("a", "b", "c", "d"):
        begun(workers, tmp_path, job, Needs(device=2 * GIB))
    devices = [workers.places[workers.busy[job].place][1] for job in ("a", "b", "c", "d")]
    # Each has one before either is shared; then only the larger one has memory left.
    assert devices == ["4", "7", "7", "7"]
    assert workers.free == 2
    assert not workers.takes(Needs(device=2 * GIB))
    assert workers.takes(Needs(device=GIB))
    workers.close()


def test_an_accelerator_of_ones_own_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(local, "device_memory", lambda _: pytest.fail("nobody shares it"))
    assert pool(tmp_path, resources={"gpus": 1}).takes(Needs(device=999 * GIB))
