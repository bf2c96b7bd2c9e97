"""Real training under a driver and workers that are killed again and again: the table is the undisturbed one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
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
from tests.studies.samples import ARCH, STUDY
from tests.studies.test_driving import REPOSITORY, until, workers

KILLS = 15
EPOCHS = 20
RUNNER_ = {"kind": "local", "parallelism": 2}
DRIVER = """
import sys
from pathlib import Path
from archspec.spec.runner import RUNNER
from archspec.studies.driving import drive
from archspec.studies.planning import planned
drive(planned(sys.argv[1]), Path(sys.argv[2]), RUNNER.load({"kind": "local", "parallelism": 2}))
"""


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planned:
    """Three networks at two seeds, over enough epochs to be killed in any of them."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    (tmp_path / "sample.yaml").write_text(STUDY + ARCH.replace("epochs: 1", f"epochs: {EPOCHS}"))
    return planned(tmp_path / "sample.yaml")


def table(sample: Planned, store: Path) -> list[Any]:
    """The rows of the study's table, without what differs from one time to the next."""
    with Index.open(store) as index:
        rows = tabulate(sample.plan, index.known(sample.plan.keys)).to_dict()["arms"]
    return [{name: value for name, value in row.items() if name not in TIMES} for row in rows]


TIMES = {"hours", "seconds", "gpu_hours", "cpu_hours"}


def lines(store: Path) -> int:
    """Epochs that attempts have measured."""
    return sum(path.read_bytes().count(b"\n") for path in store.glob("runs/*/attempts/*/metrics.jsonl"))


def kill(sample: Path, store: Path, draw: random.Random) -> None:
    """Start a driver, and kill it and perhaps its workers some time after something has been trained."""
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, str(sample), str(store)], cwd=REPOSITORY)
    before = lines(store)
    until(lambda: driver.poll() is not None or lines(store) > before)
    moment = time.monotonic() + draw.uniform(0, 0.5)
    until(lambda: driver.poll() is not None or time.monotonic() > moment)
    victims = workers(driver.pid) if driver.poll() is None else []
    if draw.random() < 0.3:
        victims = victims[:1]
    driver.kill()
    driver.wait()
    for pid in victims:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds worker processes in /proc")
def test_fifteen_deaths_change_nothing(sample: Planned, tmp_path: Path) -> None:
    drive(sample, tmp_path / "undisturbed", RUNNER.load(RUNNER_))
    store, draw = tmp_path / "store", random.Random(4)
    for number in range(KILLS):
        kill(tmp_path / "sample.yaml", store, draw)
        with Index.open(store) as index:
            file = Path(index.place)
        if number == KILLS // 2:
            file.unlink()
    assert not drive(sample, store, RUNNER.load(RUNNER_)).failed
    assert table(sample, store) == table(sample, tmp_path / "undisturbed")
    assert {path.name for path in (store / "runs").iterdir()} == set(sample.plan.keys)
    for key in sample.plan.keys:
        run, other = (RunFolder(Store(place).run(key)) for place in (store, tmp_path / "undisturbed"))
        assert [line["epoch"] for line in run.metrics()] == list(range(1, EPOCHS + 1))
        assert run.metrics() == other.metrics()
        assert (run.result() or {})["weights"] == (other.result() or {})["weights"]
