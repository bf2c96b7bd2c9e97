"""Worker processes: from a free worker to the first line of a run, and the share of time that two-second runs get."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from statistics import median
from unittest import mock

from archspec.execution.jobs import Ended
from archspec.execution.local import Workers
from archspec.spec.runner import RUNNER, Local
from archspec.studies.driving import drive
from archspec.studies.planning import planned
from tests.studies import fake
from tests.studies.samples import written

ROUNDS, WORKERS, SEEDS = 30, 2, 4


def stamp(folder: str) -> int:
    """A run that writes down when it began."""
    (Path(folder) / "began").write_text(str(time.time()))
    return 0


def run() -> None:
    """Measure both."""
    with tempfile.TemporaryDirectory() as folder:
        first, *others = [began(pool, Path(folder)) for pool in [pool_in(Path(folder))] for _ in range(ROUNDS)]
        print(f"to the first line: {median(others) * 1000:.1f} ms from a free worker, {first:.2f} s from none")
        print(f"{shared(Path(folder)):.0%} of {WORKERS} workers' time goes to runs of two seconds")


def pool_in(folder: Path) -> Workers:
    """One worker, with nothing to import but this file."""
    runner = RUNNER.load({"kind": "local", "parallelism": 1})
    assert isinstance(runner, Local)
    return Workers(runner, "benchmarks.local_workers:stamp", folder / "log")


def began(pool: Workers, folder: Path) -> float:
    """Seconds from handing a run over to its first line."""
    now = time.time()
    pool.submit("run", folder)
    ended: list[Ended] = []
    while not ended:
        ended = pool.wait(1.0)
    return float((folder / "began").read_text()) - now


def shared(folder: Path) -> float:
    """The share of the workers' time that make-believe runs of two seconds take, once the workers are there."""
    sample = planned(written(folder), seeds=tuple(range(SEEDS)))
    times: list[float] = []
    runner = RUNNER.load({"kind": "local", "parallelism": WORKERS})
    with mock.patch.dict(os.environ, {fake.PACE: str(2 / fake.STEPS)}):
        on = lambda event: times.append(time.monotonic()) if event.what == "done" else None  # noqa: E731
        drive(sample, folder / "store", runner, target="tests.studies.fake:work", on=on)
    return 2.0 * (len(times) - WORKERS) / WORKERS / (times[-1] - times[WORKERS - 1])
