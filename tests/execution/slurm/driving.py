"""Studies driven on a cluster, and what must be true of them after whatever has happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from archspec.execution.slurm.asking import queue
from archspec.records.knowing import known
from archspec.records.known import Known
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.runner import RUNNER, Runner
from archspec.studies.driving import Event, drive
from archspec.studies.planning import Planned
from tests.cluster import Cluster, until
from tests.studies import fake

ONE = """\
study: sample
baseline: tiny
recipe: brief
seeds: 1
factors: {mixer: {same: {stages.mixer: {kernel: 3}}}}
"""
TARGET = "tests.studies.fake:work"
QUICK: dict[str, Any] = {"kind": "slurm", "poll": "1s", "file_delay": "2s", "resources": {"memory": "2G"}}


def runner(**more: Any) -> Runner:
    """A runner that asks often."""
    return RUNNER.load({**QUICK, **more})


def driven(sample: Planned, store: Path, target: str = TARGET, **more: Any) -> list[Event]:
    """What a driver tells of a study, by default one of make-believe runs."""
    events: list[Event] = []
    drive(sample, store, runner(**more), target=target, on=events.append)
    return events


@contextmanager
def at_work(
    sample: Planned, store: Path, target: str = TARGET, begun: Callable[[], bool] | None = None, **more: Any
) -> Iterator[None]:
    """While a driver drives and some run is in the middle; it ends before the context does."""
    driver = Thread(target=driven, args=(sample, store, target), kwargs=more)
    driver.start()
    try:
        until(begun or (lambda: in_the_middle(sample, store)))
        yield
    finally:
        driver.join(timeout=240)
    assert not driver.is_alive(), f"SLURM says {queue()}"


def in_the_middle(sample: Planned, store: Path) -> bool:
    """Whether a run has begun and will not end at once."""
    folders = [RunFolder(Store(store).run(key)) for key in sample.plan.keys]
    return any(folder.result() is None and len(folder.metrics()) in (2, 3) for folder in folders)


def running(cluster: Cluster) -> str:
    """A task that is at work."""
    return next(line.split()[0] for line in cluster.queue() if line.endswith("RUNNING"))


def runs(sample: Planned, store: Path) -> dict[str, Known]:
    """What the folders say."""
    return {key: known(RunFolder(Store(store).run(key))) for key in sample.plan.keys}


def all_is_well(cluster: Cluster, sample: Planned, store: Path) -> None:
    """Every run is done, once; none of its steps is lost or done twice; nothing is left behind."""
    for key, one in runs(sample, store).items():
        assert one.state == "done", one
        assert one.scores["top1"] == 50 + int(key[:4], 16) / 65536 * 40
        steps = [line["step"] for line in RunFolder(Store(store).run(key)).metrics()]
        assert steps == list(range(1, fake.STEPS + 1))
    until(lambda: not cluster.queue())


def weights(sample: Planned, store: Path) -> list[Any]:
    """The hashes of the trained networks."""
    return [(RunFolder(Store(store).run(key)).result() or {})["weights"] for key in sample.plan.keys]


def batches(store: Path) -> dict[str, list[Path]]:
    """What was submitted together, and what its jobs printed."""
    return {path.name: [*path.glob("jobs/*_0_log.out")] for path in Store(store).slurm.iterdir()}
