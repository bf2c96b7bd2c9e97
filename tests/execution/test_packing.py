"""Worker processes share a machine's memory, and an accelerator's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archspec.errors import ExecutionError
from archspec.execution import local
from archspec.execution.jobs import UNKNOWN_NEEDS, Needs
from archspec.execution.local import Workers
from archspec.spec.runner import RUNNER, Local
from tests.execution.test_local import REPOSITORY, ended

GIB = 2**30
QUIET = Needs(alone=True)


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
    assert idle.members[0].process.poll() is None
    assert not workers.takes(Needs(5 * 10**9))
    assert idle.members[0].process.poll() == 0
    workers.close()


def test_an_accelerator_is_shared_while_it_has_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    monkeypatch.setattr(local, "device_memory", {"4": 3 * GIB, "7": 10 * GIB}.__getitem__)
    workers = pool(tmp_path, resources={"gpus": 1}, share=3)
    for job in ("a", "b", "c", "d"):
        begun(workers, tmp_path, job, Needs(device=2 * GIB))
    devices = [workers.places[workers.place[job]].devices for job in ("a", "b", "c", "d")]
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


def test_what_measures_time_has_the_machine_to_itself(tmp_path: Path) -> None:
    workers = pool(tmp_path, parallelism=3)
    begun(workers, tmp_path, "one", UNKNOWN_NEEDS)
    begun(workers, tmp_path, "two", UNKNOWN_NEEDS)
    workers.stop("one")
    ended(workers)
    assert not workers.takes(QUIET)
    # The worker that has nothing to do is not sent away for that, and what needs no quiet goes before.
    assert workers.idle
    assert workers.takes(UNKNOWN_NEEDS)
    workers.stop("two")
    ended(workers)
    begun(workers, tmp_path, "timed", QUIET)
    assert not workers.takes(UNKNOWN_NEEDS)
    workers.close()


def test_on_accelerators_it_has_its_own_to_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    workers = pool(tmp_path, resources={"gpus": 1}, share=2)
    begun(workers, tmp_path, "timed", QUIET)
    begun(workers, tmp_path, "other", UNKNOWN_NEEDS)
    begun(workers, tmp_path, "another", UNKNOWN_NEEDS)
    devices = [workers.places[workers.place[job]].devices for job in ("timed", "other", "another")]
    assert devices == ["4", "7", "7"]
    assert workers.free == 1
    assert not workers.takes(UNKNOWN_NEEDS)
    workers.close()


def test_a_runner_without_its_accelerators_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    with pytest.raises(ExecutionError, match="2 of this machine's accelerators, and 0 can be seen"):
        pool(tmp_path, resources={"gpus": 2})


@pytest.mark.parametrize("short", [False, True])
def test_memory_that_the_kernel_took_back_is_told_from_other_deaths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, short: bool
) -> None:
    monkeypatch.setattr(local, "kills", lambda: 3)
    workers = pool(tmp_path, parallelism=1)
    begun(workers, tmp_path, "job", UNKNOWN_NEEDS)
    monkeypatch.setattr(local, "kills", lambda: 3 + short)
    workers.busy["job"].members[0].process.kill()
    end = ended(workers)
    assert (end.code, end.starved) == (-9, short)
