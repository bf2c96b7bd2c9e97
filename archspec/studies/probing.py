"""Probes: every network of a study, measured for a few steps where the study would run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from archspec.spec.runner import Runner
from archspec.studies.driving import Event, drive
from archspec.studies.plan import PlannedRun
from archspec.studies.planning import Planned
from archspec.studies.probed import place, shape

TARGET = "archspec.training.probing:probe"


def probe(
    planned: Planned, store: Path, runner: Runner, arms: Iterable[str], on: Callable[[Event], None] = lambda _: None
) -> None:
    """Measure the networks of some arms, each once; what was measured before is kept."""
    measured = [shape(planned.trained[arm]) for arm in arms]
    shapes = {one.key(0): one for one in reversed(measured) if not one.data.missing}
    runs = tuple(PlannedRun(key, one.arm.id, 0) for key, one in reversed(shapes.items()))
    plan = replace(planned.plan, runs=runs, max_failures=None)
    trained = {one.arm.id: one for one in shapes.values()}
    drive(Planned(plan, planned.study, trained), place(store, runner), runner, target=TARGET, on=on)
