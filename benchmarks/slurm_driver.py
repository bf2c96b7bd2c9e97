"""What a driver costs while 2,000 runs wait in SLURM's queue: its share of a core, and how often it asks."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path
from threading import Thread
from unittest import mock

from archspec.execution.slurm import asking
from archspec.spec.runner import RUNNER
from archspec.studies.driving import drive
from archspec.studies.folder import StudyFolder
from archspec.studies.planning import Planned, planned
from tests.cluster import UnavailableError, cluster, until
from tests.studies.samples import written

SEEDS, SECONDS = 667, 60.0
# As long arrays as clusters have them, and jobs that none of them starts.
RUNNER_ = {"kind": "slurm", "options": {"begin": "now+1hour"}}


def run() -> None:
    """Start a cluster, fill its queue, and look on."""
    os.environ["SLURM_CI_ARRAY"] = "1001"
    try:
        with cluster() as one, tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, one.environment):
            measured(planned(written(Path(folder)), seeds=tuple(range(SEEDS))), Path(folder) / "store")
    except UnavailableError as error:
        print(f"not measured: {error}")


def measured(sample: Planned, store: Path) -> None:
    """Drive, and measure once everything waits."""
    calls: Counter[str] = Counter()
    said = asking.said

    def counted(command: list[str]) -> str:
        calls[command[0]] += 1
        return said(command)

    with mock.patch.object(asking, "said", counted):
        began = time.monotonic()
        driver = Thread(target=drive, args=(sample, store, RUNNER.load(RUNNER_)))
        driver.start()
        until(lambda: calls["squeue"] > 0)
        print(f"{len(sample.plan.keys)} runs handed over in {time.monotonic() - began:.1f} s")
        calls.clear()
        before, began = cpu(), time.monotonic()
        time.sleep(SECONDS)
        share = (cpu() - before) / (time.monotonic() - began)
        print(f"{share:.1%} of a core; in {SECONDS:.0f} s {dict(calls)}")
        StudyFolder.of(store, sample.plan).cancel(sample.plan.keys)
        driver.join()


def cpu() -> float:
    """Seconds of a core that this process and its children have had."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
