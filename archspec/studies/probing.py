"""Probes: every network of a study, measured for a few steps where the study would run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from archspec.spec.runner import Runner
from archspec.studies.driving import Event, drive
from archspec.studies.plan import PlannedRun
from archspec.studies.planning import Planned
from archspec.studies.probed import place, shapes

TARGET = "archspec.training.probing:probe"


def probe(
    planned: Planned, store: Path, runner: Runner, arms: Iterable[str], on: Callable[[Event], None] = lambda _: None
) -> None:
    """Measure the networks of some arms, each once; what was measured before is kept."""
    measured = [shape for arm in arms for shape in shapes(planned.trained[arm]) if not shape.data.missing]
    trained = {one.arm.id: one for one in {one.key(0): one for one in reversed(measured)}.values()}
    runs = tuple(PlannedRun(one.key(0), arm, 0) for arm, one in reversed(trained.items()))
    plan = replace(planned.plan, runs=runs, arms=tuple(one.arm for one in trained.values()), max_failures=None)
    drive(Planned(plan, planned.study, trained), place(store, runner), runner, target=TARGET, on=on)
