"""The driver: whatever dies, every run ends up with the result it would have had, once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from archspec.errors import RecordsError
from archspec.records.files import write_json
from archspec.records.knowing import known
from archspec.records.known import Known
from archspec.records.lease import lease
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.runner import RUNNER
from archspec.studies.driving import Event, drive
from archspec.studies.folder import StudyFolder
from archspec.studies.plan import Plan
from archspec.studies.planning import Planned, planned
from archspec.studies.status import counts, overlaid
from tests.studies import fake
from tests.studies.samples import STUDY, written

TARGET = "tests.studies.fake:work"
RUNNER_ = {"kind": "local", "parallelism": 2}
DRIVER = """
import sys
from pathlib import Path
from archspec.spec.runner import RUNNER
from archspec.studies.driving import drive
from archspec.studies.planning import planned
runner = RUNNER.load({"kind": "local", "parallelism": 2})
drive(planned(sys.argv[1]), Path(sys.argv[2]), runner, target="tests.studies.fake:work")
"""
REPOSITORY = Path(__file__).parents[2]
PATIENCE = 240.0


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers find the fake."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


@pytest.fixture
def sample(tmp_path: Path) -> Planned:
    """Three networks at two seeds."""
    return planned(written(tmp_path))


def driven(sample: Planned, store: Path, **more: Any) -> tuple[list[Event], Any]:
    """What a driver tells, and how it ends."""
    events: list[Event] = []
    summary = drive(sample, store, RUNNER.load(RUNNER_), target=TARGET, on=events.append, **more)
    return events, summary


def states(plan: Plan, store: Path) -> dict[str, Known]:
    """What the folders say."""
    folder = StudyFolder.of(store, plan)
    found = {key: known(RunFolder(Store(store).run(key))) for key in plan.keys}
    return overlaid(plan, found, folder.cancelled(), driven=False)


def scores(plan: Plan, store: Path) -> dict[str, float]:
    """Every run's score."""
    return {key: one.scores["top1"] for key, one in states(plan, store).items()}


def until(condition: Callable[[], object]) -> None:
    """Wait for something, not for long."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_every_run_is_done_once_and_never_again(sample: Planned, tmp_path: Path) -> None:
    events, summary = driven(sample, tmp_path / "store")
    assert [event.what for event in events].count("done") == len(sample.plan.keys) == 6
    assert not summary.failed
    assert {one.attempt for one in states(sample.plan, tmp_path / "store").values()} == {1}
    assert driven(sample, tmp_path / "store")[0] == []


def test_another_seed_brings_only_its_own_runs(sample: Planned, tmp_path: Path) -> None:
    driven(sample, tmp_path / "store")
    more = planned(tmp_path / "sample.yaml", seeds=(0, 1, 2))
    assert {event.run.seed for event in driven(more, tmp_path / "store")[0]} == {2}


def test_a_run_that_goes_wrong_stops_no_other(sample: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fake.BROKEN, "1:raise")
    _, summary = driven(sample, tmp_path / "store")
    found = states(sample.plan, tmp_path / "store")
    assert counts(found) == {"done": 3, "failed": 3}
    assert summary.failed == 3
    (reason,) = {one.reason for one in found.values() if one.state == "failed"}
    assert reason.endswith("ValueError: this one is broken")
    key = next(run.key for run in sample.plan.runs if run.seed == 1)
    newest = RunFolder(Store(tmp_path / "store").run(key)).newest()
    assert newest is not None
    assert "Traceback" in newest.failure.read_text()


def test_a_worker_that_dies_is_replaced(sample: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fake.BROKEN, "0:die")
    events, _ = driven(sample, tmp_path / "store")
    assert counts(states(sample.plan, tmp_path / "store")) == {"done": 3, "failed": 3}
    died = [event.known.reason for event in events if event.what == "died"]
    assert len(died) == 9
    assert all("signal 9" in reason for reason in died)
    assert "signal 9" in next(event.known.reason for event in events if event.what == "failed")


def test_a_run_that_was_stopped_is_started_again(
    sample: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(fake.BROKEN, "0:again")
    events, _ = driven(sample, tmp_path / "store")
    assert counts(states(sample.plan, tmp_path / "store")) == {"done": 6}
    assert [event.what for event in events].count("stopped") == 3
    found = states(sample.plan, tmp_path / "store")
    assert {found[run.key].attempt for run in sample.plan.runs if run.seed == 0} == {2}


def test_what_jobs_print_is_no_answer(sample: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fake.BROKEN, "0:noise")
    driven(sample, tmp_path / "store")
    assert counts(states(sample.plan, tmp_path / "store")) == {"done": 6}
    assert "garbage" in StudyFolder.of(tmp_path / "store", sample.plan).log.read_text()


def test_too_many_failures_stop_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fake.BROKEN, "0:raise")
    sample = planned(written(tmp_path, STUDY + "max_failures: 0\n"))
    _, summary = driven(sample, tmp_path / "store")
    assert "max_failures" in summary.reason
    assert "planned" in counts(states(sample.plan, tmp_path / "store"))


def test_a_full_disk_ends_the_study_and_no_run_has_failed(
    sample: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(fake.BROKEN, "1:full")
    _, summary = driven(sample, tmp_path / "store")
    assert summary.reason == "the disk is full; free some space"
    assert counts(states(sample.plan, tmp_path / "store")).keys() <= {"done", "lost", "planned"}
    monkeypatch.delenv(fake.BROKEN)
    assert not driven(sample, tmp_path / "store")[1].reason
    assert counts(states(sample.plan, tmp_path / "store")) == {"done": 6}


def test_a_set_up_that_ends_at_once_is_told(sample: Planned, tmp_path: Path) -> None:
    runner = RUNNER.load({**RUNNER_, "setup": ["echo no such module >&2", "exit 3"]})
    drive(sample, tmp_path / "store", runner, target=TARGET, keys=sample.plan.keys[:1])
    reason = states(sample.plan, tmp_path / "store")[sample.plan.keys[0]].reason
    assert "ended with code 3 before it had begun" in reason
    assert "no such module" in StudyFolder.of(tmp_path / "store", sample.plan).log.read_text()


def test_cancelled_runs_wait_for_a_retry(sample: Planned, tmp_path: Path) -> None:
    folder = StudyFolder.of(tmp_path / "store", sample.plan)
    key = sample.plan.keys[-1]
    folder.cancel([key])
    driven(sample, tmp_path / "store")
    assert counts(states(sample.plan, tmp_path / "store")) == {"done": 5, "cancelled": 1}
    folder.cancel([])
    assert [event.run.key for event in driven(sample, tmp_path / "store")[0]] == [key, key]


def test_a_study_has_one_driver(sample: Planned, tmp_path: Path) -> None:
    with StudyFolder.of(tmp_path / "store", sample.plan).driving(), pytest.raises(RecordsError, match="driven already"):
        driven(sample, tmp_path / "store")
    assert driven(sample, tmp_path / "store")[0]


def spawned(sample: Path, store: Path) -> subprocess.Popen[bytes]:
    """A driver in a process of its own."""
    environment = {**os.environ, fake.PACE: "0.05"}
    return subprocess.Popen([sys.executable, "-c", DRIVER, str(sample), str(store)], env=environment, cwd=REPOSITORY)


def workers(parent: int) -> list[int]:
    """The children of a process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
        except (OSError, IndexError):
            continue
    return found


def test_what_a_dead_driver_left_at_work_is_waited_for(
    sample: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    gate = tmp_path / "gate"
    monkeypatch.setenv(fake.GATE, str(gate))
    driver = spawned(tmp_path / "sample.yaml", store)
    until(lambda: len([*store.glob("runs/*/attempts/1/lease")]) == 2)
    driver.kill()
    driver.wait()

    def told(event: Event) -> None:
        if event.what == "waiting":
            gate.touch()

    drive(sample, store, RUNNER.load(RUNNER_), target=TARGET, on=told)
    assert {one.attempt for one in states(sample.plan, store).values()} == {1}
    assert counts(states(sample.plan, store)) == {"done": 6}


def test_what_a_silent_host_was_at_is_told_of_and_goes_on_once_its_lease_is_deleted(
    sample: Planned, tmp_path: Path
) -> None:
    store, key = tmp_path / "store", sample.plan.keys[0]
    attempt = RunFolder.create(store, sample.document(key)).claim()
    write_json(attempt.lease, {**lease(), "host": "node7", "time": time.time() + 86_400})
    told: list[str] = []

    def on(event: Event) -> None:
        if event.what == "waiting":
            told.append(event.known.reason)
            attempt.lease.unlink()

    drive(sample, store, RUNNER.load(RUNNER_), target=TARGET, on=on)
    assert told == [
        f"node7 was at work on it, and is silent; if nothing works on it there any more, delete {attempt.lease}"
    ]
    assert counts(states(sample.plan, store)) == {"done": 6}


def disturb(driver: subprocess.Popen[bytes], store: Path, draw: random.Random) -> None:
    """Kill a driver and its workers, or only the driver, somewhere in the middle of a run."""
    before = len([*store.glob("runs/*/attempts/*")])
    until(lambda: driver.poll() is not None or len([*store.glob("runs/*/attempts/*")]) > before)
    moment = time.monotonic() + draw.uniform(0, 0.4)
    until(lambda: driver.poll() is not None or time.monotonic() > moment)
    victims = workers(driver.pid) if driver.poll() is None and draw.random() < 0.7 else []
    driver.kill()
    driver.wait()
    for pid in victims:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds worker processes in /proc")
def test_killed_drivers_and_workers_change_nothing(sample: Planned, tmp_path: Path) -> None:
    driven(sample, tmp_path / "undisturbed")
    store, draw = tmp_path / "store", random.Random(1)
    for _ in range(5):
        disturb(spawned(tmp_path / "sample.yaml", store), store, draw)
    driven(sample, store)
    assert scores(sample.plan, store) == scores(sample.plan, tmp_path / "undisturbed")
    for key in sample.plan.keys:
        steps = [line["step"] for line in RunFolder(Store(store).run(key)).metrics()]
        assert steps == list(range(1, fake.STEPS + 1))
