"""How long a study would take: from earlier runs, and from probes."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from archspec.records.files import append_line
from archspec.records.index import Index
from archspec.records.run import RunFolder
from archspec.spec.runner import RUNNER, Runner
from archspec.studies.estimating import Estimate, Spending, estimates, spending
from archspec.studies.folder import StudyFolder
from archspec.studies.memory import MIB, Memory
from archspec.studies.planning import Planned, planned
from archspec.studies.probed import probed
from archspec.studies.probing import probe
from tests.studies.samples import written

HERE = {"kind": "local", "parallelism": 2}
ACCELERATED = {"kind": "slurm", "resources": {"gpus": 1, "cpus": 4}}


@pytest.fixture
def sample(tmp_path: Path) -> Planned:
    """Three networks at two seeds."""
    return planned(written(tmp_path))


def ran(sample: Planned, store: Path, key: str, seconds: float, *, cuda: str | None = None, host: str = "") -> None:
    """A finished run that took some time."""
    run = RunFolder.create(store, sample.document(key))
    attempt = run.claim()
    here = {"host": host or socket.gethostname(), "processes": 1}
    attempt.record_environment({"cuda": cuda, "device": "H200" if cuda else "cpu"}, **here)
    append_line(attempt.timing, {"epoch": 1, "seconds": seconds})
    run.finish(attempt, {"state": "done", "top1": 50.0})
    attempt.leave()
    StudyFolder.of(store, sample.plan).keep(sample.plan)


def looked(sample: Planned, store: Path, runner: Runner) -> tuple[dict[str, Estimate], Spending]:
    """What is known of the time."""
    with Index.open(store) as index:
        found = estimates(sample, store, runner, index)
        return found, spending(sample, found, index.known(sample.plan.keys), sample.plan.keys, runner)


def key_of(sample: Planned, arm: str) -> str:
    """The key of an arm's first run."""
    return next(sample.plan.of(arm)).key


def test_nothing_is_known_of_what_never_ran(sample: Planned, tmp_path: Path) -> None:
    found, spent = looked(sample, tmp_path / "store", RUNNER.load(HERE))
    assert found == {}
    assert set(spent.unknown) == {"baseline/tiny", "mixer/pooling", "norm/batch"}
    assert spent.arms == 3


def test_a_run_tells_of_its_network_and_roughly_of_others(sample: Planned, tmp_path: Path) -> None:
    ran(sample, tmp_path / "store", key_of(sample, "baseline/tiny"), 100.0)
    found, spent = looked(sample, tmp_path / "store", RUNNER.load(HERE))
    tiny, pooling = sample.plan.by_id["baseline/tiny"], sample.plan.by_id["mixer/pooling"]
    assert found["baseline/tiny"].source == found["mixer/same"].source == "runs"
    assert found["baseline/tiny"].seconds == pytest.approx(100)
    assert found["mixer/pooling"].source == "other runs"
    assert found["mixer/pooling"].seconds == pytest.approx(100 * pooling.training_macs / tiny.training_macs)
    total = sum(
        found[arm].seconds * runs for arm, runs in {"baseline/tiny": 1, "mixer/pooling": 2, "norm/batch": 2}.items()
    )
    assert spent.core_hours == pytest.approx(total / 3600)
    assert spent.wall_seconds == pytest.approx(total / 2)
    assert spent.gpu_hours == 0
    assert not spent.unknown


@pytest.mark.parametrize("elsewhere", [{"host": "another"}, {"cuda": "13.0"}])
def test_runs_of_other_machines_tell_nothing_of_this_one(
    sample: Planned, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    ran(sample, tmp_path / "store", key_of(sample, "baseline/tiny"), 100.0, **elsewhere)
    assert looked(sample, tmp_path / "store", RUNNER.load(HERE))[0] == {}


def test_hours_on_accelerators_count_what_is_spent_apart(sample: Planned, tmp_path: Path) -> None:
    ran(sample, tmp_path / "store", key_of(sample, "baseline/tiny"), 3600.0, cuda="13.0", host="node7")
    found, spent = looked(sample, tmp_path / "store", RUNNER.load(ACCELERATED))
    assert spent.spent_gpu_hours == pytest.approx(1)
    assert spent.gpu_hours == pytest.approx(spent.core_hours / 4)
    # As many at a time as there are: the longest decides.
    assert spent.wall_seconds == pytest.approx(max(one.seconds for one in found.values()))


def test_another_study_of_the_store_tells_too(sample: Planned, tmp_path: Path) -> None:
    other = planned(written(tmp_path, "study: other\nbaseline: tiny\nrecipe: brief\nseeds: [7]\n"))
    ran(other, tmp_path / "store", other.plan.keys[0], 50.0)
    (tmp_path / "store/studies/broken").mkdir()
    (tmp_path / "store/studies/broken/plan.json").write_text('{"arms": 3}')
    assert looked(sample, tmp_path / "store", RUNNER.load(HERE))[0]["baseline/tiny"] == Estimate(50.0, "runs")


STARTING = """\
study: sample
baseline: tiny
recipe: later
seeds: 1
---
recipe: later
extends: brief
edits: {from: brief, epochs: 3}
"""


def test_what_runs_start_from_takes_its_own_time(tmp_path: Path) -> None:
    sample, store = planned(written(tmp_path, STARTING)), tmp_path / "store"
    first, second = sample.plan.runs
    assert sample.plan.training_macs(second) == 3 * sample.plan.training_macs(first)
    ran(sample, store, second.key, 300.0)
    spent = looked(sample, store, RUNNER.load(HERE))[1]
    assert spent.core_hours == pytest.approx(100 / 3600)
    assert not spent.unknown


PHASES = """\
study: sample
baseline: tiny
recipe: growing
seeds: 1
---
recipe: growing
extends: brief
edits: {phases: [{resolution: 8}, {resolution: 16, epochs: 2}]}
"""


def test_every_phase_is_measured(tmp_path: Path) -> None:
    sample, store, runner = planned(written(tmp_path, PHASES)), tmp_path / "store", RUNNER.load("inline")
    events: list[str] = []
    probe(sample, store, runner, ["baseline/tiny"], lambda event: events.append(f"{event.what} {event.run.arm}"))
    assert [event for event in events if "done" in event] == ["done baseline/tiny", "done baseline/tiny, phase 2"]
    small, large = (one.scores for one in probed(sample.trained["baseline/tiny"], store, runner))
    images, looks = sample.trained["baseline/tiny"].data.images // 64 * 64, small["val_images"]
    training = images * (small["train_seconds"] + 2 * large["train_seconds"])
    evaluation = looks * small["evaluation_seconds"] + (2 * looks + large["test_images"]) * large["evaluation_seconds"]
    found = looked(sample, store, runner)[0]["baseline/tiny"]
    assert found.source == "probe"
    assert found.seconds == pytest.approx(training + evaluation)
    # The larger images decide what is asked for.
    memory = Memory(store, runner)
    memory.of(sample, sample.plan.runs[0])
    assert memory.taken["baseline/tiny"] == max(small["memory_mib"], large["memory_mib"]) * MIB
