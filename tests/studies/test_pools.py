"""Pools of every kind, and what a driver does with one whose jobs go on without it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from archspec.execution.jobs import AGAIN, UNKNOWN_NEEDS, Ended, Needs, nothing
from archspec.records.knowing import known
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.runner import RUNNER
from archspec.studies import driving
from archspec.studies.driving import drive
from archspec.studies.planning import planned
from archspec.studies.pools import POOLS, pool_for, script_for
from tests.studies.samples import STUDY, written


class Lasting:
    """A queue of which only the first job is done, and fails; the others wait until they are stopped."""

    lasting = True
    free = 100

    def __init__(self) -> None:
        self.jobs: list[tuple[str, Path]] = []
        self.ended: list[Ended] = []

    def attach(self, jobs: Iterable[str]) -> tuple[str, ...]:
        return ()

    def takes(self, needs: Needs) -> bool:
        return True

    def submit(self, job: str, folder: Path, needs: Needs = UNKNOWN_NEEDS) -> None:
        self.jobs.append((job, folder))

    def wait(self, seconds: float, meanwhile: Callable[[], None] = nothing) -> list[Ended]:
        if len(self.jobs) == 6:
            job, folder = self.jobs.pop(0)
            RunFolder(folder).finish(RunFolder(folder).claim(), {"state": "failed", "reason": "no luck"})
            self.ended.append(Ended(job, 0))
        ended, self.ended = self.ended, []
        return ended

    def waiting(self) -> dict[str, str]:
        return {}

    def stop(self, job: str) -> None:
        self.jobs = [one for one in self.jobs if one[0] != job]
        self.ended.append(Ended(job, AGAIN))

    def close(self) -> None:
        pass


def test_a_study_that_ends_early_leaves_nothing_in_a_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Lasting()
    monkeypatch.setattr(driving, "pool_for", lambda *_: pool)
    sample = planned(written(tmp_path, STUDY + "max_failures: 0\n"))
    summary = drive(sample, tmp_path / "store", RUNNER.load("inline"))
    assert "max_failures" in summary.reason
    assert not pool.jobs
    states = [known(RunFolder(Store(tmp_path / "store").run(key))).state for key in sample.plan.keys]
    assert sorted(states) == ["failed"] + ["planned"] * 5


@pytest.mark.parametrize("kind", POOLS)
def test_every_kind_has_a_pool(kind: str, tmp_path: Path) -> None:
    runner = RUNNER.load({"kind": kind})
    pool = pool_for(runner, "a:b", tmp_path / "store", tmp_path / "log")
    assert pool.lasting == (kind == "slurm")
    assert not pool.attach(["one"])
    assert bool(script_for(runner, tmp_path, 3, 0)) == (kind == "slurm")
    pool.close()
