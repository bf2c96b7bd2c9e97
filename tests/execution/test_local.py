"""Worker processes: how long they may take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archspec.execution.jobs import AGAIN, Ended
from archspec.execution.local import GRACE, Workers
from archspec.spec.runner import Local
from tests.execution.jobs import READY

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 240.0


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers find the jobs."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


@contextmanager
def working(kind: str, folder: Path) -> Iterator[Workers]:
    """A pool whose only worker has begun a job that may take an hour."""
    pool = Workers(Local(parallelism=1, time_limit="1h"), f"tests.execution.jobs:{kind}", folder / "log")
    pool.submit("job", folder)
    begun = time.monotonic()
    while not (folder / READY).exists():
        assert pool.wait(0.01) == []
        assert time.monotonic() < begun + PATIENCE
    try:
        yield pool
    finally:
        pool.close()


def ended(pool: Workers) -> Ended:
    """The job, when it has ended."""
    deadline = time.monotonic() + PATIENCE
    while not (found := pool.wait(0.01)):
        assert time.monotonic() < deadline
    return found[0]


def test_a_job_whose_time_is_over_is_asked_to_stop_and_may_go_on(tmp_path: Path) -> None:
    with working("obedient", tmp_path) as pool:
        pool.deadlines["job"] = time.monotonic()
        end = ended(pool)
        assert end.code == AGAIN
        assert end.error == "stopped after 1h, its time limit"
        pool.submit("job", tmp_path)
        assert pool.deadlines["job"] > time.monotonic()
        assert not pool.late
        assert not pool.asked


def test_a_job_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    with working("deaf", tmp_path) as pool:
        pool.stop("job")
        pool.asked["job"] -= GRACE
        assert ended(pool).code == -9


def test_a_job_that_is_stopped_early_has_not_run_out_of_time(tmp_path: Path) -> None:
    with working("obedient", tmp_path) as pool:
        pool.stop("job")
        assert ended(pool) == Ended("job", AGAIN, "")
