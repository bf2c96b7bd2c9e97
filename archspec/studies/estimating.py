"""How long a study would take: from probes, else from what the store has run before, else unknown."""

from __future__ import annotations

import math
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal, NamedTuple

from archspec.errors import RecordsError
from archspec.execution.local import places
from archspec.records.files import read_json
from archspec.records.index import Index
from archspec.records.known import Known
from archspec.records.store import Store
from archspec.spec.recipe import Recipe, phases_of
from archspec.spec.runner import Runner
from archspec.studies.computing import compute
from archspec.studies.plan import TRAININGS, Plan, PlannedArm, PlannedRun
from archspec.studies.planning import Planned
from archspec.studies.probed import place, probed
from archspec.studies.trained import Trained
from archspec.training.data.facts import steps_per_epoch
from archspec.training.scheduling import total_epochs


class Estimate(NamedTuple):
    """How long one run of an arm takes."""

    seconds: float
    source: Literal["probe", "runs", "other runs"]
    """A probe, earlier runs of the same network, or those of others on such a device, by multiply-accumulates."""


@dataclass(frozen=True)
class Spending:
    """What runs would take that are not in the store, and what those took that are."""

    arms: int
    """Of so many arms something is left to run."""
    gpu_hours: float
    core_hours: float
    wall_seconds: float
    spent_gpu_hours: float
    unknown: tuple[str, ...]
    """Arms of which nobody knows how long they take."""


def estimates(planned: Planned, store: Path, runner: Runner, index: Index) -> dict[str, Estimate]:
    """What is known of the time that arms take; what is not known is left out."""
    measured = planned.trained if place(store, runner).exists() else {}
    found = {name: one for name, trained in measured.items() if (one := _by_probe(trained, store, runner))}
    unknown = [arm for arm in planned.plan.arms if arm.id not in found]
    return {**found, **(_by_runs(unknown, store, runner, index) if unknown else {})}


def _by_probe(one: Trained, store: Path, runner: Runner) -> Estimate | None:
    """Phase by phase; several processes share the images that the probe had one of them look at."""
    found = probed(one, store, runner)
    if any(known.state != "done" for known in found):
        return None
    phases = zip(phases_of(one.recipe), [known.scores for known in found], strict=True)
    seconds = sum(_phase(one, phase, said) for phase, said in phases)
    last = found[-1].scores
    return Estimate((seconds + last["test_images"] * last["evaluation_seconds"]) / math.prod(runner.crew), "probe")


def _phase(one: Trained, phase: Recipe, said: Mapping[str, float]) -> float:
    """Seconds that a phase learns, and evaluates val now and then, also for the average of the weights."""
    epochs = total_epochs(phase, steps_per_epoch(one.data.images, phase))
    looks = -(-epochs // phase.evaluate_every) * (1 if phase.ema is None else 2)
    learned = compute(one.arch, phase, one.data.images).images
    return learned * said["train_seconds"] + looks * said["val_images"] * said["evaluation_seconds"]


class _Ran(NamedTuple):
    """A finished run: of which network, and how fast."""

    digest: str
    pace: float
    """Seconds a multiply-accumulate."""


def _by_runs(arms: Iterable[PlannedArm], store: Path, runner: Runner, index: Index) -> dict[str, Estimate]:
    """From runs of the same network, else from those of other networks; only where this runner would run them too."""
    ran = list(_ran(store, runner, index))
    every = median(one.pace for one in ran) if ran else 0.0
    found = {}
    for arm in arms:
        own = [one.pace for one in ran if one.digest == arm.digest]
        if own:
            found[arm.id] = Estimate(median(own) * arm.training_macs, "runs")
        elif every:
            found[arm.id] = Estimate(every * arm.training_macs, "other runs")
    return found


def _ran(store: Path, runner: Runner, index: Index) -> Iterable[_Ran]:
    arms: dict[str, PlannedArm] = {}
    for file in Store(store).studies.glob("*/plan.json"):
        plan = _plan(file)
        arms |= {run.key: plan.by_id[run.arm] for run in plan.runs if run.role == "train"} if plan else {}
    for key, known in index.known(arms).items():
        if known.state == "done" and known.seconds and _alike(known, runner) and arms[key].training_macs:
            yield _Ran(arms[key].digest, known.seconds / arms[key].training_macs)


def _plan(file: Path) -> Plan | None:
    try:
        return Plan.from_dict(read_json(file) or {})
    except (RecordsError, KeyError, TypeError):
        return None  # of another version of archspec


def _alike(known: Known, runner: Runner) -> bool:
    """Whether a run was made with such means as a runner gives."""
    return (known.gpus > 0) == (runner.given.gpus > 0) and (not runner.here or known.host == socket.gethostname())


def at_once(runner: Runner) -> int | None:
    """How many runs go at one time; None: as many as there are."""
    counted = COUNTED.get(str(runner.canonical()["kind"]))
    return counted(runner) if counted else None


COUNTED: dict[str, Callable[[Any], int | None]] = {
    "inline": lambda _: 1,
    "local": lambda runner: len(list(places(runner))),
    "slurm": lambda runner: runner.parallelism,
}
"""How that is counted, kind by kind."""


def _is_timed(run: PlannedRun, found: Mapping[str, Estimate]) -> bool:
    return run.role in TRAININGS and run.arm in found


def spending(
    planned: Planned, found: Mapping[str, Estimate], known: Mapping[str, Known], keys: Iterable[str], runner: Runner
) -> Spending:
    """What the runs of some keys take with a runner."""
    wanted, runs = set(keys), {run.key: run for run in reversed(planned.plan.runs)}  # the first of equal ones stays
    left = [run for key, run in runs.items() if key in wanted and known[key].state != "done"]
    plan = planned.plan
    whole = {arm.id: max(1, arm.training_macs) for arm in plan.arms}
    timed = [run for run in left if _is_timed(run, found)]
    seconds = [found[run.arm].seconds * plan.training_macs(run) / whole[run.arm] for run in timed]
    slots = at_once(runner) or max(1, len(seconds))
    return Spending(
        arms=len({run.arm for run in left if run.role in TRAININGS}),
        gpu_hours=sum(seconds) * runner.given.gpus / 3600,
        core_hours=sum(seconds) * runner.given.cpus / 3600,
        wall_seconds=max(sum(seconds) / slots, *seconds) if seconds else 0.0,
        spent_gpu_hours=sum(known[key].seconds * known[key].gpus for key in wanted) / 3600,
        unknown=tuple(dict.fromkeys(run.arm for run in left if run.role in TRAININGS and not _is_timed(run, found))),
    )
